# One image for every process: docker build -t kawal:0.1.0 .   then   docker run kawal:0.1.0 worker
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/kawal \
 && /opt/kawal/bin/pip install --require-hashes -r requirements/gateway.txt \
 && /opt/kawal/bin/pip install --require-hashes -r requirements/console.txt
COPY . .
RUN scripts/vendor /opt/kawal/bin/python && /opt/kawal/bin/pip install --no-deps --no-build-isolation .
# The engine compiles here, not while somebody waits for the first alert. Another processor compiles it anew.
RUN NUMBA_CACHE_DIR=/opt/kawal/kernels /opt/kawal/bin/python -c \
    "from streams.watch import Watch; from streams.worker import compile_engine; compile_engine(Watch())"

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin kawal
COPY --from=build /opt/kawal /opt/kawal
COPY deploy/container/start /opt/kawal/bin/start
ENV PATH=/opt/kawal/bin:$PATH PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/var/cache/kawal
USER 10001:10001
ENTRYPOINT ["/opt/kawal/bin/start"]
CMD ["--help"]
