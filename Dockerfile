# Three stages: the first has the toolchain and makes the program, the second knows the libraries it needs, and the last has
# these files alone. scripts/image builds it where there is no container engine, and tries it.
#
#   docker build -t tandem .
#   docker run --rm --network host --read-only --cap-drop ALL -v tandem:/data tandem
#
# The host's network, for calls of telephones need thousands of UDP ports; docs/networking-and-nat.md says more.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        libssl-dev libsrtp2-dev libuv1-dev libsqlite3-dev zlib1g-dev \
        libc-ares-dev libspandsp-dev libopus-dev libspeexdsp-dev libsndfile1-dev \
        libopusenc-dev libcurl4-openssl-dev libpq-dev libhiredis-dev libprotobuf-c-dev \
        libgoogle-perftools-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
COPY scripts/lib.sh scripts/functions.order scripts/calls.profdata ./scripts/
# As scripts/run builds it. Names of functions stay, for traces of a crash; line tables go, and so do two sections that no
# two builds have alike: the compiler's hashes of its modules and the linker's hash of all. What is left is the same bytes.
RUN bash -c '. scripts/lib.sh && build_release tandem' \
    && strip --strip-debug --remove-section=.swift_modhash --remove-section=.note.gnu.build-id .build/release/tandem \
    && install -D .build/release/tandem /out/tandem

FROM debian:12-slim AS files
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates tzdata libstdc++6 libgcc-s1 libssl3 libsrtp2-1 libuv1 libsqlite3-0 zlib1g libc-ares2 \
        libspandsp2 libopus0 libspeexdsp1 libsndfile1 libopusenc0 libcurl4 libpq5 libhiredis0.14 \
        libprotobuf-c1 libtcmalloc-minimal4 \
    && rm -rf /var/lib/apt/lists/*
COPY scripts/image-files /usr/local/bin/
COPY --from=build /out/tandem /usr/local/bin/tandem
RUN image-files /image
COPY LICENSE /image/usr/share/doc/tandem/copyright

FROM scratch
ARG VERSION=1.0.0
LABEL org.opencontainers.image.title="tandem" \
      org.opencontainers.image.description="SIP and WebRTC telephony gateway" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
COPY --from=files /image /
USER 10001
WORKDIR /data
ENV PATH=/usr/local/bin:/usr/bin
# Standard output is the container's log.
ENV DATA_DIR=/data LOG_DIR="" APP_VERSION="${VERSION}"
VOLUME /data
EXPOSE 3000/tcp 5060/tcp 5060/udp 5061/tcp 30000-30003/udp 30000-30003/tcp 20000-29999/udp
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["tandem", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tandem"]
CMD ["serve"]
