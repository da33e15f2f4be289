# Mouthpiece in a container, by the steps that are tested without one: ./dev package makes the Debian package, apt installs it.
#
#   docker build -t mouthpiece .
#   docker run --env-file .env -p 8001:8001 --stop-timeout 630 mouthpiece
FROM debian:12-slim AS build
WORKDIR /src
COPY . .
RUN ./dev package

FROM debian:12-slim
COPY --from=build /src/build/release/mouthpiece.deb /tmp/mouthpiece.deb
RUN apt-get update \
    && apt-get install -y --no-install-recommends /tmp/mouthpiece.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/mouthpiece.deb \
    && useradd --system --no-create-home --home-dir /nonexistent mouthpiece \
    && install -d -o mouthpiece -g mouthpiece -m 0700 /var/cache/mouthpiece
USER mouthpiece
ENV CACHE_DIR=/var/cache/mouthpiece
VOLUME /var/cache/mouthpiece
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=5s --retries=3 CMD ["mouthpiece", "ready"]
# The first SIGTERM lets running calls finish, for up to DRAIN_SECONDS: give `docker stop` as long.
STOPSIGNAL SIGTERM
ENTRYPOINT ["mouthpiece"]
CMD ["serve"]
