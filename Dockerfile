# Two stages: the first has the toolchain, the second only the program and the libraries it needs.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        libssl-dev libsrtp2-dev libuv1-dev libsqlite3-dev zlib1g-dev \
        libc-ares-dev libspandsp-dev libopus-dev libspeexdsp-dev libsndfile1-dev \
        libopusenc-dev libcurl4-openssl-dev libpq-dev libhiredis-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build -c release --product tandem --static-swift-stdlib \
    && install -D .build/release/tandem /out/tandem

FROM debian:12-slim
LABEL org.opencontainers.image.title="tandem" \
      org.opencontainers.image.description="SIP and WebRTC telephony gateway" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates libssl3 libsrtp2-1 libuv1 libsqlite3-0 zlib1g libc-ares2 libspandsp2 \
        libopus0 libspeexdsp1 libsndfile1 libopusenc0 libcurl4 libpq5 libhiredis0.14 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin tandem \
    && install -d -o tandem -g tandem /data
COPY --from=build /out/tandem /usr/local/bin/tandem
USER 10001
ENV DATA_DIR=/data LOG_DIR=""
VOLUME /data
EXPOSE 3000/tcp 3443/tcp 5060/tcp 5060/udp 5061/tcp 30000-30003/udp 30000-30003/tcp 20000-29999/udp
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["tandem", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tandem"]
CMD ["serve"]
