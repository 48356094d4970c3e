# The suite as an image: docker build -t conformance .
# Test a server: docker run --rm --env-file secrets.env -v "$PWD:/work" conformance run staging.toml
FROM python:3.12-slim
COPY . /src
RUN pip install --no-cache-dir /src && rm -rf /src
RUN useradd --create-home --uid 1000 conformance
USER conformance
WORKDIR /work
ENTRYPOINT ["conformance"]
CMD ["--help"]
