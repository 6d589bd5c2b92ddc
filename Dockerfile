# syntax=docker/dockerfile:1

# Browser assets and the font come from npm; only the bundler's output goes on.
FROM node:20-bookworm-slim AS packages
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=packages /src/node_modules node_modules
ARG VERSION=unknown
RUN go run ./internal/assets \
 && CGO_ENABLED=1 go build -tags sqlite_fts5 -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /sealdesk . \
 && mkdir /data-template

FROM debian:bookworm-slim
# Roots for calls to the cloud and time zones for dates; nothing else is needed.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin sealdesk
COPY --from=build /sealdesk /usr/local/bin/sealdesk
COPY --from=build --chown=10001:10001 /data-template /data
USER 10001:10001
ENV SEALDESK_DATA=/data \
    SEALDESK_LISTEN=0.0.0.0:8080 \
    SEALDESK_ENGINE_LISTEN=0.0.0.0:8081
VOLUME /data
EXPOSE 8080 8081
# The program asks itself: the image holds no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["sealdesk", "health"]
ENTRYPOINT ["sealdesk"]
CMD ["serve"]
