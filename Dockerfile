# Small image that contains only the program and runs it as an unprivileged user. The first stage needs a C compiler
# for zstd, ring and mimalloc.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked
RUN strip target/release/firstline

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/firstline --create-home firstline
COPY --from=build /src/target/release/firstline /usr/local/bin/firstline
USER 10001
WORKDIR /var/lib/firstline
VOLUME /var/lib/firstline
EXPOSE 8080
# bash can open TCP connections, so the image needs no HTTP client.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=6 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["firstline"]
# Without tokens the service does not start on this address. Mount a configuration with tokens and add `--config`. See
# docs/operations/access.md.
CMD ["serve", "--listen", "0.0.0.0:8080"]
