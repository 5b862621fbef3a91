#!/bin/sh
# Prints the path of a Chromium for the browser tests; installs Debian's where root may, or fails
# saying how.
set -eu
find_it() {
    for name in "${TEGUM_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name"; then return 0; fi
    done
    return 1
}
find_it && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium for the browser tests" >&2
    apt-get -qq update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium >&2
    find_it && exit 0
fi
echo "the browser tests need Chromium: 'sudo apt-get install chromium', or set TEGUM_CHROMIUM to" \
     "the path of a Chromium or Chrome" >&2
exit 1
