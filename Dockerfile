# The simulated Assistants API as a server: docker build -t understudy . && docker run --rm -p 127.0.0.1:8000:8000 understudy
FROM python:3.13-slim
COPY . /src
RUN pip install --no-cache-dir '/src[serve]' && rm -r /src
USER nobody
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz').read()"]
ENTRYPOINT ["understudy", "serve", "--host", "0.0.0.0", "--port", "8000", "--log"]
