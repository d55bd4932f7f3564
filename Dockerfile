# syntax=docker/dockerfile:1
# The service on a CPU: API and worker are the same image with different commands.
#   docker build -t paksatalker:0.1.0 .
#   docker build --build-arg EXTRAS=service,postgres,webrtc,whisper,languages --build-arg MODELS= -t paksatalker:0.1.0 .

FROM python:3.12-slim AS build
ARG EXTRAS=service,postgres,webrtc,whisper
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /app
# The packages first: they change less often than the code.
COPY pyproject.toml README.md LICENSE ./
RUN mkdir paksatalker && touch paksatalker/__init__.py && /app/bin/pip install ".[${EXTRAS}]" \
    && /app/bin/pip uninstall --yes paksatalker
COPY paksatalker paksatalker
RUN /app/bin/pip install --no-deps . && find /app -name tests -type d -prune -exec rm -rf {} +

FROM python:3.12-slim AS system
COPY paksatalker/system.py /tmp/system.py
# MediaPipe and OpenCV load four libraries that slim images lack; the program knows their packages.
RUN python /tmp/system.py --install \
    && rm -rf /var/lib/apt/lists/* /tmp/system.py \
    && groupadd --gid 10001 paksatalker \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin paksatalker \
    && install -d -o 10001 -g 10001 -m 0700 /data /work /cache \
    && install -d -o 10001 -g 10001 /models /models/voices
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    API_HOST=0.0.0.0 \
    PAKSATALKER_HOME=/models \
    PAKSATALKER_SERVICE_HOME=/data \
    PAKSATALKER_WORK_FOLDER=/work \
    PAKSATALKER_LOG_LEVEL=INFO \
    PAKSATALKER_LOG_FORMAT=json \
    NUMBA_CACHE_DIR=/cache \
    NUMBA_CPU_NAME=generic \
    MPLCONFIGDIR=/cache

# Every file is checked against the SHA-256 of the manifest. MODELS= (empty) fetches none: mount a volume at /models.
FROM system AS models
ARG MODELS="face-landmarker selfie-segmentation whisper-base"
COPY --from=build /app /app
USER 10001:10001
RUN for model in $MODELS; do paksatalker models download "$model" || exit 1; done

# The renderer's loops, compiled for any processor of this kind (NUMBA_CPU_NAME): code for the one that builds would be of no
# use on another. That is as fast here. Worker and API copy them to NUMBA_CACHE_DIR: numba uses no folder that is read-only.
FROM system AS compiled
COPY --from=build /app /app
RUN NUMBA_CACHE_DIR=/app/compiled python -c "import paksatalker.core.rendering.portrait.renderer"

FROM system
COPY --from=compiled /app /app
COPY --from=models --chown=10001:10001 /models /models
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
# Everything in one container: API, queue, one worker. Others: worker --queue portrait; serve --workers 0.
ENTRYPOINT ["paksatalker"]
CMD ["serve"]
