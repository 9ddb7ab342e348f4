#!/bin/sh
# Bring a browser for the browser tests, unless the machine has one. Never fails: without one those tests are skipped by name.
for name in "${CHROMIUM_PATH:-chromium}" chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null && exit 0
fi
"$1" -m playwright install chromium || echo "No browser could be installed: the browser tests will be skipped."
