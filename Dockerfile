# Parlour with its pages inside, in an image of its own:
#   docker build --build-arg COMMIT="$(git rev-parse --short=12 HEAD)" --tag parlour .
# docs/deploy.md says how to run it; deploy/compose.yml does.

FROM node:24-bookworm-slim AS pages
WORKDIR /src/web
# The lock file first, so that a change of the pages does not download everything again.
COPY web/package.json web/package-lock.json ./
RUN npm ci
COPY schema.graphql /src/
COPY web ./
RUN npm run build

FROM rust:1.95-bookworm AS program
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs LICENSE-MIT LICENSE-APACHE ./
# How SQLite is built.
COPY .cargo/config.toml .cargo/config.toml
COPY migration migration
COPY src src
COPY benches benches
COPY --from=pages /src/web/dist web/dist
# What `parlour --version` prints, as git's folder is not here.
ARG COMMIT=""
RUN PARLOUR_COMMIT="$COMMIT" cargo build --profile shipped --locked --bin parlour && strip target/shipped/parlour

FROM debian:bookworm-slim
# The certificates are for buckets, PostgreSQL over TLS, webhooks and an issuer's keys. No version is pinned: Debian keeps
# the newest alone, so the next one would break the build.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 parlour \
 && useradd --system --uid 10001 --gid parlour --home-dir /data --shell /usr/sbin/nologin parlour \
 && install --directory --owner=parlour --group=parlour --mode=0700 /data /backups
COPY --from=program /src/target/shipped/parlour /usr/local/bin/parlour
USER 10001:10001
WORKDIR /data
ENV APP_ENV=production HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
EXPOSE 3000
# The server stops by itself within 30 seconds of this.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/parlour", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/parlour"]
