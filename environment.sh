# Sourced by kgrec-demo and kgrec-test: makes .venv in the checkout and installs kgrec into it.
# Needs a POSIX shell and Python 3.11 or newer with its venv module; nothing else.

say() {
    printf '\n\033[1m%s\033[0m\n' "$*"
}

find_python() {
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "kgrec needs Python 3.11 or newer with its venv module (Debian, Ubuntu: apt install python3-venv)." >&2
    exit 1
}

# make_environment EXTRAS: EXTRAS is empty or, for instance, [test]. Installs again only when pyproject.toml changed.
make_environment() {
    wanted="$1 $(cksum <pyproject.toml)"
    stamp=.venv/kgrec-installed
    if [ ! -f "$stamp" ] || ! grep -qxF "$wanted" "$stamp"; then
        python=$(find_python)
        say "Making the environment in .venv (torch with CUDA takes about 6 GB of disk)"
        [ -x .venv/bin/python ] || "$python" -m venv .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$1"
        echo "$wanted" >>"$stamp"
    fi
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
}
