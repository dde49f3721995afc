"""What locks a terminal down: browser policy and session files for Linux (UOS, Kylin, Debian) and Windows.

SEB does not exist for Linux desktops; there a Chromium in kiosk mode under a managed policy takes its place. Screenshots
cannot be stopped from a page, so the session has nothing but the browser. All files name the exam address of one site.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class BadKiosk(ValueError):
    """The address does not fit."""

    exit_status = 2


# Where the browsers of the common desktops look for managed policy.
POLICY_FOLDERS = (
    "etc/chromium/policies/managed", "etc/chromium-browser/policies/managed", "etc/opt/chrome/policies/managed",
    "etc/opt/edge/policies/managed",
)  # fmt: skip
BROWSERS = "chromium chromium-browser google-chrome google-chrome-stable uos-browser-stable browser qaxbrowser-safe-stable microsoft-edge-stable"
FLAGS = (
    "--kiosk --no-first-run --no-default-browser-check --disable-session-crashed-bubble --disable-infobars --noerrdialogs"
    " --disable-pinch --overscroll-history-navigation=0 --disable-features=Translate --disable-sync --disable-background-networking"
    " --disable-component-update --password-store=basic"
)


@dataclass(frozen=True)
class Kiosk:
    """`url` is the exam's address, `addresses` both servers on the exam network, `authority` the site authority's certificate (PEM)."""

    url: str
    addresses: tuple[str, ...]
    authority: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def policy(kiosk: Kiosk) -> dict[str, object]:
    """Managed policy of Chromium and its kin: one address, no tools, no files, no print, its own certificate without a question."""
    authority = "".join(line for line in kiosk.authority.splitlines() if not line.startswith("-----"))
    return {
        "URLBlocklist": ["*"],
        "URLAllowlist": [kiosk.host],
        "HomepageLocation": kiosk.url,
        "RestoreOnStartup": 4,
        "RestoreOnStartupURLs": [kiosk.url],
        "CACertificates": [authority],
        "AutoSelectCertificateForUrls": [json.dumps({"pattern": f"https://{kiosk.host}", "filter": {}})],
        "DeveloperToolsAvailability": 2,
        "ExtensionInstallBlocklist": ["*"],
        "IncognitoModeAvailability": 1,
        "BrowserSignin": 0,
        "SyncDisabled": True,
        "BrowserAddPersonEnabled": False,
        "BrowserGuestModeEnabled": False,
        "PasswordManagerEnabled": False,
        "AutofillAddressEnabled": False,
        "AutofillCreditCardEnabled": False,
        "TranslateEnabled": False,
        "SpellcheckEnabled": False,
        "SearchSuggestEnabled": False,
        "PrintingEnabled": False,
        "DownloadRestrictions": 3,
        "AllowFileSelectionDialogs": False,
        "ScreenCaptureAllowed": False,
        "AudioCaptureAllowed": False,
        "VideoCaptureAllowed": False,
        "DefaultClipboardSetting": 2,
        "DefaultGeolocationSetting": 2,
        "DefaultNotificationsSetting": 2,
        "DefaultPopupsSetting": 2,
        "EditBookmarksEnabled": False,
        "BookmarkBarEnabled": False,
        "DnsOverHttpsMode": "off",
        "QuicAllowed": False,
        "NetworkPredictionOptions": 2,
        "MetricsReportingEnabled": False,
        "BackgroundModeEnabled": False,
        "SSLErrorOverrideAllowed": False,
        "TaskManagerEndProcessEnabled": False,
        "HideWebStoreIcon": True,
        "RemoteDebuggingAllowed": False,
    }


def write(kiosk: Kiosk, out: Path) -> list[Path]:
    """All files below `out`; what was there of an earlier run is replaced."""
    if urlsplit(kiosk.url).scheme != "https" or not kiosk.host:
        raise BadKiosk(f"考试地址应是 https://主机名/exam/，现在是 {kiosk.url!r}。")
    if "BEGIN CERTIFICATE" not in kiosk.authority:
        raise BadKiosk("考点证书机构的证书不是 PEM 文件。")
    text = json.dumps(policy(kiosk), ensure_ascii=False, indent=2) + "\n"
    hosts = "".join(f"{one} {kiosk.host}\n" for one in kiosk.addresses)
    files = {f"linux/{folder}/kaopei.json": text for folder in POLICY_FOLDERS}
    files |= {
        "linux/usr/local/bin/kaopei-session": SESSION.format(url=kiosk.url, browsers=BROWSERS, flags=FLAGS),
        "linux/usr/share/xsessions/kaopei.desktop": XSESSION,
        "linux/etc/lightdm/lightdm.conf.d/60-kaopei.conf": LIGHTDM,
        "linux/usr/local/share/ca-certificates/kaopei-site.crt": kiosk.authority,
        "linux/install.sh": INSTALL.format(hosts=hosts, host=kiosk.host),
        "windows/kaopei-policy.reg": registry(kiosk),
        "windows/install.ps1": WINDOWS.format(url=kiosk.url, hosts=hosts.replace("\n", "`r`n"), host=kiosk.host, flags=FLAGS),
        "windows/kaopei-site.crt": kiosk.authority,
        "说明.txt": NOTES.format(url=kiosk.url, hosts=hosts),
    }
    written = []
    for name, body in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # PowerShell 5 takes a script without a mark for the local code page.
        path.write_text(body, "utf-16" if name.endswith(".reg") else "utf-8-sig" if name.endswith(".ps1") else "utf-8")
        if name.endswith(("install.sh", "kaopei-session")):
            path.chmod(0o755)
        written.append(path)
    return written


def registry(kiosk: Kiosk) -> str:
    """The same policy for Chrome and Edge on Windows."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for vendor in ("Google\\Chrome", "Microsoft\\Edge"):
        home = f"HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\{vendor}"
        lines.append(f"[{home}]")
        settings = policy(kiosk)
        for name, value in settings.items():
            if isinstance(value, bool | int):
                lines.append(f'"{name}"=dword:{int(value):08x}')
            elif isinstance(value, str):
                lines.append(f'"{name}"={_quoted(value)}')
        for name, value in settings.items():
            if isinstance(value, list):
                lines += ["", f"[{home}\\{name}]", *(f'"{at}"={_quoted(str(one))}' for at, one in enumerate(value, 1))]
        lines.append("")
    return "\r\n".join(lines) + "\r\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


SESSION = """#!/bin/sh
# 考试会话：只有浏览器；退出就再开。由 ./run edge kiosk 生成。
xset s off -dpms 2>/dev/null
setxkbmap -option terminate: -option srvrkeys:none 2>/dev/null
for name in {browsers}; do
  browser=$(command -v "$name") && break
done
if [ -z "$browser" ]; then
  echo "没有找到浏览器（{browsers}），请安装 Chromium。" | xmessage -file - 2>/dev/null
  exit 1
fi
while :; do
  profile=$(mktemp -d)
  "$browser" {flags} --user-data-dir="$profile" "{url}"
  rm -rf "$profile"
  sleep 1
done
"""
XSESSION = """[Desktop Entry]
Name=考试
Comment=考试机会话
Exec=/usr/local/bin/kaopei-session
Type=Application
"""
LIGHTDM = """[Seat:*]
autologin-user=kaopei
autologin-user-timeout=0
autologin-session=kaopei
user-session=kaopei
allow-guest=false
"""
INSTALL = """#!/bin/sh
# 用法：sudo ./install.sh 设备编号.p12 [口令]   （Debian、统信 UOS、麒麟）
set -eu
[ "$(id -u)" = 0 ] || {{ echo "请用 root 运行。" >&2; exit 2; }}
[ -f "${{1:-}}" ] || {{ echo "请给出本机的证书文件，如 ./install.sh T-001.p12" >&2; exit 2; }}
for tool in pk12util certutil; do
  command -v $tool >/dev/null || {{ echo "没有 $tool：请先安装 libnss3-tools。" >&2; exit 3; }}
done
cd "$(dirname "$0")"
words=${{2:-$(basename "$1" .p12)}}
id kaopei >/dev/null 2>&1 || useradd -m -s /bin/sh kaopei
cp -r etc usr /
sed -i '/[[:space:]]{host}$/d' /etc/hosts
printf '%s' '{hosts}' >> /etc/hosts
command -v update-ca-certificates >/dev/null && update-ca-certificates >/dev/null
home=$(getent passwd kaopei | cut -d: -f6)
db="sql:$home/.pki/nssdb"
mkdir -p "$home/.pki/nssdb"
[ -f "$home/.pki/nssdb/cert9.db" ] || certutil -d "$db" -N --empty-password
certutil -d "$db" -A -t C,, -n kaopei-site -i usr/local/share/ca-certificates/kaopei-site.crt
pk12util -d "$db" -i "$1" -W "$words" -K ''
chown -R kaopei: "$home/.pki"
echo "考试机已装好。重新启动后自动进入考试页。"
"""
WINDOWS = """# 用法：以管理员身份运行  .\\install.ps1 设备编号.p12 [口令]
param([Parameter(Mandatory=$true)][string]$Certificate, [string]$Password = "")
$ErrorActionPreference = "Stop"
if ($Password -eq "") {{ $Password = [IO.Path]::GetFileNameWithoutExtension($Certificate) }}
Import-Certificate -FilePath "$PSScriptRoot\\kaopei-site.crt" -CertStoreLocation Cert:\\LocalMachine\\Root | Out-Null
$secret = ConvertTo-SecureString $Password -AsPlainText -Force
Import-PfxCertificate -FilePath $Certificate -CertStoreLocation Cert:\\CurrentUser\\My -Password $secret | Out-Null
reg import "$PSScriptRoot\\kaopei-policy.reg" | Out-Null
$hosts = "$env:SystemRoot\\System32\\drivers\\etc\\hosts"
$kept = Get-Content $hosts | Where-Object {{ $_ -notmatch "\\s{host}$" }}
Set-Content -Path $hosts -Value $kept -Encoding ascii
Add-Content -Path $hosts -Value "{hosts}" -Encoding ascii
$browser = @("$env:ProgramFiles\\Google\\Chrome\\Application\\chrome.exe", "${{env:ProgramFiles(x86)}}\\Microsoft\\Edge\\Application\\msedge.exe") |
  Where-Object {{ Test-Path $_ }} | Select-Object -First 1
if (-not $browser) {{ throw "没有找到 Chrome 或 Edge，请先安装。" }}
$shell = "`"$browser`" {flags} {url}"
Set-ItemProperty -Path "HKCU:\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon" -Name Shell -Value $shell
Write-Host "考试机已装好。注销后重新登录，直接进入考试页。要恢复桌面，删除 HKCU 的 Winlogon\\Shell 值。"
"""
NOTES = """考试机锁定文件（由 ./run edge kiosk 生成）

考试地址：{url}
两台服务器：
{hosts}
Linux（统信 UOS、麒麟、Debian）：把 linux 文件夹和本机的 编号.p12 拷到考试机，运行
    sudo linux/install.sh 编号.p12
Windows：把 windows 文件夹和 编号.p12 拷到考试机，以管理员身份在 PowerShell 中运行
    windows\\install.ps1 编号.p12
Windows 上装有 Safe Exam Browser 的，起始地址填上面的考试地址；把 SEB 配置工具显示的 Config Key（和 Browser Exam Key）
写进考试服务器 config.toml 的 seb_config_keys、seb_exam_keys。没有出示约定密钥的考试机会提示监考员，不会被拦下。

浏览器锁定挡不住另一台手机拍屏，也挡不住外接的 HDMI 采集；那是考场检查和摄像头的事。
"""
