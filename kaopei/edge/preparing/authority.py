"""The site's certificate authority: made at acceptance, bound to this site's names, its key kept away from the site.

Two persons make it on the acceptance day, issue a certificate to each machine and take the folder away sealed; a later
replacement needs the folder and a change order. Nothing here is trusted by the exam server because the authority signed
it: only keys of the accepted baseline connect (kaopei/edge/devices.py). Keys are P-256, which every browser and every
TPM of terminals speaks.
"""

import ipaddress
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kaopei.edge.devices import AT_SEATS, FUNCTIONS, spki_of
from kaopei.edge.keystore import write_private

AUTHORITY_DAYS = 3650
DEVICE_DAYS = 365
CRL_DAYS = 400
SERVER = "server"


class BadAuthority(ValueError):
    """The folder, the words or the machine do not fit."""

    exit_status = 2


@dataclass(frozen=True)
class Row:
    """One machine of the inventory, as the baseline of a seating carries it."""

    serial: str
    function: str
    tls_spki: str
    ip: str
    mac: str
    room: str
    seat: str
    certificate: int
    not_after: str


def found(folder: Path, *, site: str, domain: str, network: str, passphrase: bytes, now: datetime) -> x509.Certificate:
    """A fresh authority in an empty folder. `domain` is the site's own (edge.440601.example.gov.cn), `network` its subnet."""
    if (folder / "ca.key").exists():
        raise BadAuthority(f"{folder}：已有一个证书机构，不能覆盖。")
    if len(passphrase) < 8:
        raise BadAuthority("口令至少 8 个字符。")
    try:
        net = ipaddress.ip_network(network)
    except ValueError:
        raise BadAuthority(f"--network 应是考试网的网段，如 10.44.1.0/24，现在是 {network!r}。") from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(site, f"考试点 {site} 设备证书")
    limits = x509.NameConstraints(permitted_subtrees=[x509.DNSName(domain), x509.IPAddress(net)], excluded_subtrees=None)
    builder = _base(name, name, key.public_key(), now, AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(_usage(sign_certificates=True), critical=True).add_extension(limits, critical=True)
    made = builder.sign(key, hashes.SHA256())
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    secret = serialization.BestAvailableEncryption(passphrase)
    write_private(folder / "ca.key", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    (folder / "ca.crt").write_bytes(_pem(made))
    (folder / "about.json").write_text(json.dumps({"site": site, "domain": domain, "network": str(net)}), "utf-8")
    _write_rows(folder, [])
    _revoke(folder, key, made, [], now)
    return made


class Authority:
    """An existing authority, unlocked."""

    def __init__(self, folder: Path, passphrase: bytes) -> None:
        self.folder = folder
        try:
            self.certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
            self.about: dict[str, str] = json.loads((folder / "about.json").read_text("utf-8"))
            key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), passphrase)
        except FileNotFoundError as missing:
            raise BadAuthority(f"{missing.filename}：没有这个文件。请先用 edge devices ca 建立。") from None
        except (ValueError, TypeError):
            raise BadAuthority(f"{folder}：口令不对，或文件已损坏。") from None
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key

    def issue(
        self,
        *,
        serial: str,
        function: str,
        ip: str,
        mac: str = "",
        room: str = "",
        seat: str = "",
        now: datetime,
        days: int = DEVICE_DAYS,
        csr: bytes | None = None,
        p12_words: bytes = b"",
    ) -> Row:
        """A certificate for one machine, for one year; its key is made here unless the machine brings a request of its own.

        Writes `<serial>.crt`, and `<serial>.key` and `.p12` when the key is made here; a new row of `devices.json`.
        """
        self._fits(serial, function, ip, room, seat)
        key = None if csr else ec.generate_private_key(ec.SECP256R1())
        public: Any = _requested(csr) if csr else key.public_key() if key else None
        name = _name(self.about["site"], serial)
        made = self._signed(name, public, serial, function, ip, now, days)
        if key:
            plain = serialization.NoEncryption()
            write_private(self.folder / f"{serial}.key", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
            secret = serialization.BestAvailableEncryption(p12_words or serial.encode())
            write_private(
                self.folder / f"{serial}.p12", pkcs12.serialize_key_and_certificates(serial.encode(), key, made, [self.certificate], secret)
            )
        (self.folder / f"{serial}.crt").write_bytes(_pem(made))
        row = Row(serial, function, spki_of(made), ip, mac.lower(), room, seat, made.serial_number, f"{made.not_valid_after_utc:%Y-%m-%d}")
        _write_rows(self.folder, [*(one for one in rows(self.folder) if one.serial != serial), row])
        return row

    def _fits(self, serial: str, function: str, ip: str, room: str, seat: str) -> None:
        if not serial or not serial.isascii() or not serial.replace("-", "").isalnum():
            raise BadAuthority(f"设备编号只用字母、数字、连字符：{serial!r}。")
        if function not in (*FUNCTIONS, SERVER):
            raise BadAuthority(f"用途应是 {'、'.join((*FUNCTIONS, SERVER))} 之一，现在是 {function!r}。")
        if function in AT_SEATS and function != "drill" and not (room and seat):
            raise BadAuthority(f"{serial}：考试机和备用机要写明考场和座号。")
        if not _inside(ip, self.about["network"]):
            raise BadAuthority(f"{serial}：地址 {ip} 不在考试网 {self.about['network']} 内。")
        for one in rows(self.folder):
            if one.serial != serial and (one.ip == ip or (seat and (one.room, one.seat) == (room, seat))):
                raise BadAuthority(f"{serial}：地址或机位已登记给 {one.serial}。")

    def _signed(self, name: x509.Name, public: Any, serial: str, function: str, ip: str, now: datetime, days: int) -> x509.Certificate:
        names: list[x509.GeneralName] = [x509.DNSName(f"{serial.lower()}.{self.about['domain']}"), x509.IPAddress(ipaddress.ip_address(ip))]
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if function == SERVER:
            names.insert(0, x509.DNSName(self.about["domain"]))
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
        builder = _base(name, self.certificate.subject, public, now, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(), critical=True).add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False).add_extension(issuer, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def revoke(self, serial: str, now: datetime) -> None:
        """Out of the inventory and onto the revocation list."""
        keep, gone = [], None
        for one in rows(self.folder):
            if one.serial == serial:
                gone = one
            else:
                keep.append(one)
        if gone is None:
            raise BadAuthority(f"设备清单里没有 {serial}。")
        listed = x509.load_pem_x509_crl((self.folder / "ca.crl").read_bytes())
        numbers = [one.serial_number for one in listed] + [gone.certificate]
        _revoke(self.folder, self.key, self.certificate, numbers, now)
        _write_rows(self.folder, keep)


def rows(folder: Path) -> list[Row]:
    """The inventory so far; it goes to the center for the baseline."""
    return [Row(**row) for row in json.loads((folder / "devices.json").read_text("utf-8"))["devices"]]


def _write_rows(folder: Path, devices: list[Row]) -> None:
    text = json.dumps({"devices": [asdict(one) for one in sorted(devices, key=lambda one: one.serial)]}, ensure_ascii=False, indent=1)
    write_private(folder / "devices.json", text.encode())


def _revoke(folder: Path, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate, numbers: list[int], now: datetime) -> None:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    builder = builder.last_update(now - timedelta(minutes=5)).next_update(now + timedelta(days=CRL_DAYS))
    for number in numbers:
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now).build())
    write_private(folder / "ca.crl", builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _name(site: str, common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"考试点 {site}")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _base(subject: x509.Name, issuer: x509.Name, public: Any, now: datetime, days: int) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    # Clocks of an isolated network are set by hand and differ by minutes.
    return builder.not_valid_before(now.astimezone(UTC) - timedelta(hours=1)).not_valid_after(now.astimezone(UTC) + timedelta(days=days))


def _usage(*, sign_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=sign_certificates, crl_sign=sign_certificates, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _requested(csr: bytes) -> Any:
    try:
        asked = x509.load_pem_x509_csr(csr)
    except ValueError:
        raise BadAuthority("证书申请读不出来，应是 PEM 格式的 CSR。") from None
    if not asked.is_signature_valid:
        raise BadAuthority("证书申请的签名不成立，没有证明持有私钥。")
    return asked.public_key()


def _inside(ip: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(network)
    except ValueError:
        return False


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
