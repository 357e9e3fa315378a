# One image for API, worker and simulators; docker-compose.yml says which program runs. Debian, since Temporal's native core needs glibc.
FROM node:20.20.2-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json ./

FROM base AS build
RUN npm ci --no-audit --no-fund
COPY . .
RUN node dev/build.mjs

FROM base AS dependencies
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:20.20.2-bookworm-slim
# The native core trusts the system's certificates, where Temporal is reached over TLS; the slim image has none.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o node -g node /data
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY deploy/worker-health.mjs ./deploy/
USER node
CMD ["node", "--max-semi-space-size=32", "dist/api/main.js"]
