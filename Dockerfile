# syntax=docker/dockerfile:1
# The engine in an empty image: one static binary and the folders it may write.
#
#   docker build -t funding-arb .
#   buildah bud --isolation chroot --timestamp "$SOURCE_DATE_EPOCH" -t funding-arb .
#
# Reproducible: the toolchain is pinned, paths are mapped away, debug information is left out, and files
# carry SOURCE_DATE_EPOCH (the commit's time). scripts/image/build says which options do that for
# which builder.

# Pin it by digest where it is built for others: .github/workflows/release.yml does.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm

FROM ${RUST_IMAGE} AS build
ARG TARGET=x86_64-unknown-linux-gnu
# More options for cargo, for a quick image: --config profile.release.lto=false
ARG CARGO_OPTIONS=""
ARG SOURCE_DATE_EPOCH=0
WORKDIR /src
# Static glibc: no loader, no libraries, and the C library's vectorised memory functions, which musl lacks.
# --target keeps the flags off build scripts.
ENV CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=/src=. --remap-path-prefix=/usr/local/cargo=cargo" \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=/src=. --remap-path-prefix=/usr/local/cargo=cargo" \
    CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    CARGO_INCREMENTAL=0
COPY . .
# Dependencies are cached across builds by the two mounts, whatever changed in the sources. The registry's
# own path only: what else lies in CARGO_HOME belongs to the image.
# CARGO_OPTIONS is split into words on purpose.
# hadolint ignore=SC2086
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin funding-arb --target "${TARGET}" ${CARGO_OPTIONS} \
    && install -D -m 0755 "target/${TARGET}/release/funding-arb" /out/funding-arb \
    && install -d -m 0700 /out/state && install -d -m 0755 /out/config

FROM scratch
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="funding-arb" \
      org.opencontainers.image.description="Funding-rate, basis and cross-venue spread arbitrage engine" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/funding-arb /funding-arb
COPY --from=build --chown=65532:65532 /out/state /var/lib/funding-arb
# Where docker-compose.yml mounts what the simulated venues leave for the engine: a new volume takes this owner.
COPY --from=build --chown=65532:65532 /out/state /run/venues
COPY --from=build /out/config /etc/funding-arb
# By number: there is no /etc/passwd, and Kubernetes can then see that it is not root.
USER 65532:65532
# The default state folder, state/, is made below it. Everything else may be mounted read-only.
WORKDIR /var/lib/funding-arb
# API and metrics; both listen to loopback unless the configuration says otherwise.
EXPOSE 8000 9090
# The binary asks itself: there is no shell and no curl here. Liveness, not readiness.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["/funding-arb", "health", "--url", "http://127.0.0.1:8000"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/funding-arb"]
CMD ["run", "--for", "0", "--plain"]
