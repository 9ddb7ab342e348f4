# One image for `payments serve`, `payments worker`, `payments migrate` and every command of an operator.
# It is built by whoever deploys; docs/operations/container.md says how, and what of it was tried.

FROM python:3.11-slim AS build
WORKDIR /build
# requirements-observed.lock brings what sends traces and reports errors.
ARG LOCK=requirements-run.lock
COPY requirements-uv.lock requirements.lock requirements-run.lock requirements-observed.lock ./
RUN python -m venv tools \
 && tools/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.lock -r requirements.lock \
 && python -m venv /app \
 && tools/bin/uv pip install --quiet --python /app/bin/python --require-hashes --no-deps -r ${LOCK}
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY migrations migrations
RUN tools/bin/pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir wheels . \
 && tools/bin/uv pip install --quiet --python /app/bin/python --no-deps --offline wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin payments
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 APP_ENV=production
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["payments"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
