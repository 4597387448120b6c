FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/bin/ ./cmd/... && mkdir -p /out/volumes/app/tokens /out/volumes/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/bin/ /usr/local/bin/
# New volumes belong to whom these folders belong to: the user of this image.
COPY --from=build --chown=65532:65532 /out/volumes/ /
ENV DOCKER_CONTAINER=true
VOLUME ["/app/tokens", "/data"]
ENTRYPOINT ["aic-mcp"]
