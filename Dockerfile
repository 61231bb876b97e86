# One image for api and worker; the command chooses. The api is the default:
#   docker run --init -p 8000:8000 -e REDIS_URL=… -v blobs:/data drover
#   docker run --init              -e REDIS_URL=… -v blobs:/data -e DROVER_WORKER_PORT=8001 drover node apps/worker/dist/main.js
# --init reaps what a processor leaves behind.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.base.json ./
COPY packages packages
COPY apps apps
COPY processors processors
RUN npm ci && npm run build
# Only what the two processes need at run time; the testkit's own dependencies would come along with its folder.
RUN rm -rf packages/testkit packages/e2e apps/cli \
  && npm ci --omit=dev --workspace @drover/api --workspace @drover/worker

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 DROVER_STORAGE=file:/data DROVER_DATA_DIR=/var/lib/drover
WORKDIR /app
# /data is shared by all containers, /var/lib/drover belongs to one.
RUN mkdir -p /data /var/lib/drover && chown node:node /data /var/lib/drover
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=build /app/apps apps
COPY --from=build /app/processors processors
COPY scripts/health.mjs scripts/health.mjs
USER node
VOLUME ["/data", "/var/lib/drover"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "scripts/health.mjs"]
CMD ["node", "apps/api/dist/main.js"]
