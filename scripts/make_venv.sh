#!/bin/sh
# Makes the virtual environment $2 with the Python $1, or with the best one found if $1 is empty.
# Does nothing if a working one is there.
set -eu

wanted=$1
venv=$2

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "$wanted" ]; then
    if ! new_enough "$wanted"; then
        echo "error: PYTHON=$wanted is not a Python 3.11 or newer" >&2
        exit 1
    fi
    python=$wanted
else
    python=
    for candidate in python3.11 python3.13 python3.12 python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "error: no Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
        exit 1
    fi
fi

echo "making $venv with $("$python" --version)" >&2
rm -rf "$venv"
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    # Debian and Ubuntu keep these modules in a package of their own.
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update >&2 || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >&2 </dev/null || true
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "error: $python cannot make virtual environments: it lacks ensurepip." \
            "On Debian or Ubuntu run: sudo apt-get install $package" >&2
        exit 1
    fi
fi
"$python" -m venv "$venv"
