# Two images from one file: the collector, which brings no agent, and the agent, which brings no
# database driver. Each holds a virtual environment made from uv.lock and nothing it does not run.
#
#   docker build --target collector -t constat .
#   docker build --target agent -t constat-agent .
ARG PYTHON=python:3.13-slim-trixie

FROM ${PYTHON} AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/constat UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1
RUN pip install --no-cache-dir --root-user-action=ignore "uv>=0.9,<1"
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY agent agent
COPY collector collector
COPY probes probes

FROM build AS build-collector
RUN uv sync --frozen --no-default-groups --no-editable --extra collector

FROM build AS build-agent
RUN uv sync --frozen --no-default-groups --no-editable --extra agent

FROM ${PYTHON} AS constat
# A number, so that a host can give it files and Kubernetes can see that it is not root.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin constat \
    && install -d -o constat -g constat -m 0700 /var/lib/constat /var/lib/constat-agent /run/constat
ENV PATH=/opt/constat/bin:$PATH PYTHONUNBUFFERED=1 CONSTAT_CONFIG=/etc/constat/constat.yaml
USER 10001:10001
WORKDIR /var/lib/constat

FROM constat AS agent
COPY --from=build-agent /opt/constat /opt/constat
VOLUME /var/lib/constat-agent
HEALTHCHECK --start-period=30s --interval=30s --timeout=10s \
    CMD ["constat-agent", "status", "--config", "/etc/constat/agent.yaml"]
ENTRYPOINT ["constat-agent"]
CMD ["run", "--config", "/etc/constat/agent.yaml"]

FROM constat AS collector
COPY --from=build-collector /opt/constat /opt/constat
VOLUME /var/lib/constat
EXPOSE 8443
HEALTHCHECK --start-period=60s --interval=15s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8443/v1/clock', timeout=4)"]
ENTRYPOINT ["constat"]
CMD ["up", "--config", "/etc/constat/constat.yaml"]
