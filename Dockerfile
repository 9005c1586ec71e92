# The hub as an image: pages built with Node.js, then the wheel on a slim Python. `docker compose up --build` uses it.
FROM node:24-slim AS pages
WORKDIR /src/hub/web
COPY hub/web/package.json hub/web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY hub/web ./
RUN npm run build

FROM python:3.13-slim AS hub
WORKDIR /src
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY hub hub
COPY persistence persistence
COPY migrations migrations
COPY loadtests loadtests
COPY --from=pages /src/hub/web/dist hub/web/dist
RUN pip install --no-cache-dir --no-deps . && useradd --system --create-home hub
USER hub
WORKDIR /home/hub
EXPOSE 8080
# SIGTERM drains: sockets are told when to come back, what is in flight is committed and acknowledged.
STOPSIGNAL SIGTERM
CMD ["hub", "serve", "--host", "0.0.0.0", "--no-worker"]
