# Sourced by ./run and ./test, which set REQ to the requirements file they need. POSIX sh.
# Leaves .venv ready and PYTHON set. Exit 3: no Python 3.12–3.14 on this machine.
# From nothing about 10 s; when the stamp fits, one interpreter start.

PYTHON=.venv/bin/python
STAMP=.venv/.stamp
DEV=requirements/dev.txt

mark() { echo "$1 $(cksum < "$1")"; }

# An environment made for ./test holds everything that ./run needs.
ready() {
  [ -f "$STAMP" ] && "$PYTHON" -c '' >/dev/null 2>&1 || return 1
  case "$(cat "$STAMP")" in "$(mark "$REQ")" | "$(mark "$DEV")") return 0 ;; *) return 1 ;; esac
}

# An interpreter counts when it runs and is new enough: inactive pyenv shims exist but fail.
fits() { "$1" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1; }

find_python() {
  for candidate in ${APP_PYTHON:-} python3.13 python3.12 python3.14 python3 python \
    "${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}"/versions/3.13.*/bin/python3 \
    "${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}"/versions/3.1[24].*/bin/python3 \
    "${HOME:-/nonexistent}"/.local/share/uv/python/cpython-3.1[234]*/bin/python3 \
    /opt/pyenv/versions/3.1[234].*/bin/python3 /usr/local/bin/python3.1[234] /usr/bin/python3.1[234]; do
    # The file itself: a virtual environment made from a link beside no library does not start under 3.12.
    if fits "$candidate"; then "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'; return 0; fi
  done
  return 1
}

# uv is faster than pip; it comes from the machine or, once, from the package index into .boot.
find_uv() {
  [ "${APP_NO_UV:-}" = 1 ] && return 1
  command -v uv && return 0
  if [ ! -x .boot/bin/uv ]; then
    { "$1" -m venv .boot && .boot/bin/python -m pip install -q --disable-pip-version-check uv; } >/dev/null 2>&1 || return 1
  fi
  echo .boot/bin/uv
}

make_environment() {
  base=$(find_python) || {
    echo "考培需要 Python 3.12、3.13 或 3.14，本机没有找到。请安装其中之一，或用 APP_PYTHON=/路径/python3 指明后重试。" >&2
    exit 3
  }
  # An environment of ./test is renewed as one: ./run must not take the test tools out of it.
  case "$(cat "$STAMP" 2>/dev/null)" in "$DEV "*) REQ=$DEV ;; esac
  echo "首次准备运行环境（约十几秒）…" >&2
  rm -f "$STAMP" 2>/dev/null || { echo "当前用户不能写 $(pwd)：请把项目克隆到自己的文件夹再运行。" >&2; exit 3; }
  # A home that cannot be written (service accounts) must not stop the installation.
  [ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR="$(pwd)/.boot-cache" PIP_CACHE_DIR="$(pwd)/.boot-cache"
  # The certificates that this machine trusts: an office network often has an authority of its own.
  export UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
  uv=$(find_uv "$base") || uv=
  if ! fits "$PYTHON"; then
    rm -rf .venv
    if [ -n "$uv" ]; then "$uv" venv -q --python "$base" .venv; else "$base" -m venv .venv; fi || exit 3
  fi
  if [ -n "$uv" ] && "$uv" pip sync -q --python "$PYTHON" --require-hashes "$REQ"; then
    :
  else
    # Without dependencies: the list is complete, and an older pip takes `coverage[toml]` for something without a pin.
    "$PYTHON" -m ensurepip >/dev/null 2>&1 || true
    "$PYTHON" -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r "$REQ" || {
      echo "安装依赖失败：请检查网络或软件源设置后重试（依赖清单 $REQ，按哈希固定）。" >&2
      exit 3
    }
  fi
  mark "$REQ" > "$STAMP"
}

ready || make_environment

# Where Python may not keep what it compiled beside the source, it keeps it with the environment: every one of the
# programs and tests would compile thousands of modules anew, two seconds each.
if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
  unset PYTHONDONTWRITEBYTECODE
  export PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-$(pwd)/.venv/pycache}"
fi
