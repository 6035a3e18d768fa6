#!/bin/sh
# Sees to it that the programs which the tests start are there: installs
# Debian's package where that is possible, else says what to install.
set -eu

# install PACKAGE WHAT [NAME]: WHAT is missing and comes with the package, or with
# the one of that NAME.
install() {
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		echo "setup: $2 is missing: install it (Debian's package ${3:-$1})" >&2
		exit 1
	fi
	echo "setup: $2 is missing: installing Debian's package $1"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >/dev/null
}

# need PACKAGE PROGRAM...: one of the programs must be on the PATH.
need() {
	package=$1
	shift
	for program in "$@"; do
		if command -v "$program" >/dev/null; then
			return
		fi
	done
	install "$package" "$1"
}

# A PostgreSQL server's programs, which Debian keeps off the PATH. The tests start
# their own server: the package is told not to make one of the system.
need_postgres() {
	for program in /usr/lib/postgresql/*/bin/initdb; do
		if [ -x "$program" ]; then
			return
		fi
	done
	if command -v initdb >/dev/null; then
		return
	fi
	install postgresql-common initdb postgresql
	sed -i 's/^#*create_main_cluster .*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	install postgresql initdb
}

# The same names as in internal/browsertest/browser.go.
need chromium chromium chromium-browser google-chrome
need_postgres
