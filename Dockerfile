# syntax=docker/dockerfile:1
# Both stages use one image, which a release pins by digest: --build-arg PYTHON=python:3.13-slim@sha256:…
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements.lock requirements-build.lock pyproject.toml README.md LICENSE NOTICE ./
RUN python -m venv /opt/usher \
 && /opt/usher/bin/pip install --no-cache-dir --require-hashes -r requirements.lock -r requirements-build.lock
COPY policies policies
COPY handlers handlers
COPY app app
COPY migrations migrations
RUN /opt/usher/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/usher/bin/pip uninstall --yes setuptools

FROM ${PYTHON}
COPY --from=build /opt/usher /opt/usher
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin usher \
 && install -d -o usher -g usher -m 0700 /var/lib/usher
USER 10001
ENV PATH=/opt/usher/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    USHER_HOST=0.0.0.0 \
    USHER_DATA_DIR=/var/lib/usher \
    USHER_LOG_FORMAT=json
VOLUME /var/lib/usher
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["usher"]
CMD ["serve"]
