# syntax=docker/dockerfile:1

# The version that the program is tested with; the same as in runtime/package.json.
ARG NODE_IMAGE=node:26.10.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Without workspaces: the one there is brings a Node.js, and the image has its own.
RUN npm ci --workspaces=false --ignore-scripts
COPY scripts scripts
COPY src src
COPY web web
RUN node scripts/build.ts

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --workspaces=false --ignore-scripts --omit=dev

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="stratum-proxy" \
  org.opencontainers.image.description="A Stratum mining proxy: every miner on one port, many accounts and algorithms" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
  STRATUM_PROXY_DB_PATH=/data/proxy.db \
  STRATUM_PROXY_LOG_FORMAT=json
WORKDIR /opt/stratum-proxy
COPY --from=dependencies /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build /build/dist-web dist-web
COPY package.json LICENSE ./
COPY bin bin
COPY catalogue catalogue
# A new volume takes owner and mode from here.
RUN install -d -o 1000 -g 1000 -m 0700 /data
USER 1000:1000
VOLUME /data
EXPOSE 9332 12743
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "/opt/stratum-proxy/bin/stratum-proxy.cjs", "health"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "/opt/stratum-proxy/bin/stratum-proxy.cjs"]
