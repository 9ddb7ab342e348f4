#!/bin/sh
# Bring a browser for the browser tests, unless the machine has one. Never fails: without one those tests are skipped by name.

# Who names a browser wants that one: nothing is installed in its place, and the tests tell when it is not there.
if [ -n "$CHROMIUM_PATH" ]; then
    exit 0
fi
for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null
    # The one without windows is enough and starts sooner; older releases have only the whole browser.
    for package in chromium-headless-shell chromium; do
        apt-get install -y -qq --no-install-recommends --no-upgrade "$package" fonts-noto-core >/dev/null && exit 0
    done
fi
"$1" -m playwright install chromium || echo "No browser could be installed: the browser tests will be skipped."
