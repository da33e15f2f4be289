# shellcheck shell=bash
# Which Debian 12 packages each kind of work needs, and how they get installed. Sourced by ./dev.

packages_for() {
    case "$1" in
        build)
            echo g++ cmake ninja-build pkg-config ccache mold ca-certificates \
                libboost1.81-dev libboost-json1.81-dev libssl-dev libcurl4-openssl-dev libsimdjson-dev \
                libtomlplusplus-dev libfmt-dev libspdlog-dev libcli11-dev libexpat1-dev libhiredis-dev libicu-dev libsamplerate0-dev flite1-dev libgtest-dev
            ;;
        test)
            echo python3 python3-websockets python3-requests python3-jsonschema python3-yaml curl libfaketime redis-server util-linux
            echo liblua5.3-0 libopentracing-c-wrapper0 # of haproxy, which tools/debian_program unpacks
            packages_for node
            ;;
        node) # a newer one from elsewhere serves as well, and must not be replaced
            command -v node >/dev/null || echo nodejs
            command -v npm >/dev/null || echo npm
            ;;
        browser)
            echo chromium
            packages_for node
            ;;
        check) echo python3 shellcheck clang-19 clang-format-19 clang-tidy-19 ;;
        fuzz) echo clang-19 libclang-rt-19-dev llvm-19 ;;
        deploy) echo docker-compose ;; # reads the file; nothing is started
        package) echo dpkg-dev help2man ;;
        package_test) echo lintian man-db systemd bash-completion python3-seccomp ;;
        benchmark) echo libbenchmark-dev ;;
        bench)
            echo valgrind openssl python3 python3-fastapi python3-uvicorn python3-uvloop python3-httptools python3-httpx \
                python3-websockets python3-multipart python3-twilio
            packages_for node
            ;;
    esac
}

# Those of the given packages that are not installed, one a line.
missing_of() {
    local installed
    installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' "$@" 2>/dev/null || true)"
    local package
    for package in "$@"; do
        [[ $installed == *" installed:$package "* ]] || echo "$package"
    done
}

# need build test …: installs what these kinds of work lack. Says nothing when nothing is missing.
need() {
    [[ -x /usr/bin/dpkg-query && -x /usr/bin/apt-get ]] ||
        die "set-up needs Debian 12 (no dpkg-query or apt-get here). It installs: $(for kind; do packages_for "$kind"; done | xargs)"

    local wanted=() missing=()
    mapfile -t wanted < <(for kind; do packages_for "$kind"; done | xargs -n1 | sort -u)
    mapfile -t missing < <(missing_of "${wanted[@]}")
    ((${#missing[@]})) || return 0

    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "these packages are missing and need root to install:
    apt-get install -y --no-install-recommends ${missing[*]}"
        say "Installing packages with sudo: ${missing[*]}"
        sudo -v || die "sudo refused; as root: apt-get install -y --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    must "package lists" "${apt[@]}" update
    must "install ${#missing[@]} packages" "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
    mapfile -t missing < <(missing_of "${wanted[@]}")
    ((${#missing[@]} == 0)) || die "still missing after the installation: ${missing[*]}"
}
