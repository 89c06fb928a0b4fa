# ablab with Ray, for a node of a cluster or for one machine, as a user without privileges.
#
#   docker build --target cpu -t ablab:cpu .
#   docker build --target cuda -t ablab:cuda .
#   docker run --rm -v "$PWD:/work" ablab:cpu run quickstart
#
# INDEX names an index whose torch is built for other hardware than the usual one, such as CPUs alone.

FROM python:3.12-slim-bookworm AS cpu-base
RUN useradd --create-home --uid 1000 ablab

# The wheels of torch have CUDA's libraries in them; of the image, only the driver's interface is needed.
FROM nvidia/cuda:12.8.1-base-ubuntu24.04 AS cuda-base
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && userdel --remove ubuntu \
    && useradd --create-home --uid 1000 ablab

FROM cpu-base AS cpu
ARG INDEX=""
WORKDIR /opt/ablab
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
COPY studies studies
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir ${INDEX:+--index-url "$INDEX"} --constraint constraints.txt torch \
    && /opt/venv/bin/pip install --no-cache-dir --constraint constraints.txt ".[ray,parquet,serve,figures]"
ENV PATH="/opt/venv/bin:$PATH" RAY_USAGE_STATS_ENABLED=0
USER 1000
WORKDIR /work
ENTRYPOINT ["ablab"]
CMD ["--help"]

FROM cuda-base AS cuda
WORKDIR /opt/ablab
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
COPY studies studies
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --constraint constraints.txt ".[ray,parquet,serve,figures]"
ENV PATH="/opt/venv/bin:$PATH" RAY_USAGE_STATS_ENABLED=0
USER 1000
WORKDIR /work
ENTRYPOINT ["ablab"]
CMD ["--help"]
