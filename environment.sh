# Sourced by kgrec-demo, kgrec-test and kgrec-test-far: makes .venv in the checkout and installs kgrec into it.
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

# make_environment EXTRAS [FOLDER]: EXTRAS is empty or, for instance, [test]; FOLDER is .venv unless another is given.
# Installs again only when pyproject.toml changed.
make_environment() {
    wanted="$1 $(cksum <pyproject.toml)"
    environment=${2:-.venv}
    stamp=$environment/kgrec-installed
    if [ ! -f "$stamp" ] || ! grep -qxF "$wanted" "$stamp"; then
        python=$(find_python)
        say "Making the environment in $environment (torch with CUDA takes about 6 GB of disk)"
        [ -x "$environment/bin/python" ] || "$python" -m venv "$environment"
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".$1"
        echo "$wanted" >>"$stamp"
    fi
    PATH="$PWD/$environment/bin:$PATH"
    export PATH
}
