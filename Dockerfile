# An image that holds fileserver, fileclient and nothing else: see docs/INSTALL.md.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /kolam
COPY . .
# Linked statically, which needs no base image with a C library to keep up to date. With a target
# that is named, flags are not for macros and build scripts, which cannot be static.
RUN target=$(rustc --print host-tuple) \
    && RUSTFLAGS="-C target-feature=+crt-static" \
        cargo build --release --locked --target "$target" -p fileserver -p fileclient \
    && for program in fileserver fileclient; do \
        install --strip -D -t /image/bin "target/$target/release/$program" || exit; \
    done \
    && mkdir /files

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /files /files
VOLUME /files
USER 65532:65532
# Every address of the container; `docker run --publish` says who reaches it. In other modes than
# async a few idle clients keep all others out. Docker kills ten seconds after SIGTERM, and cutting
# connections takes two.
ENV FILESERVER_DIR=/files \
    FILESERVER_HOST=0.0.0.0 \
    FILESERVER_MODE=async \
    FILESERVER_DRAIN=7
EXPOSE 46666
ENTRYPOINT ["/bin/fileserver"]
