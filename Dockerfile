FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/usr/local/bin/ ./cmd/... && mkdir -p /out/app/tokens /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build --chown=65532:65532 /out/ /
ENV DOCKER_CONTAINER=true
VOLUME ["/app/tokens", "/data"]
ENTRYPOINT ["aic-mcp"]
