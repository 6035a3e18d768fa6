#!/bin/sh
# Sees to it that the programs which the tests start are there: installs
# Debian's package where that is possible, else says what to install.
set -eu

# need PACKAGE PROGRAM...: one of the programs must be on the PATH.
need() {
	package=$1
	shift
	for program in "$@"; do
		if command -v "$program" >/dev/null; then
			return
		fi
	done
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		echo "setup: $1 is missing: install it (Debian's package $package)" >&2
		exit 1
	fi
	echo "setup: $1 is missing: installing Debian's package $package"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package" >/dev/null
}

# The same names as in internal/browsertest/browser.go.
need chromium chromium chromium-browser google-chrome
# Debian keeps the server's programs off the PATH: internal/pgtest looks there too.
need postgresql initdb /usr/lib/postgresql/*/bin/initdb
