"""What in-process pytester runs need: everything is imported before, since they drop what they were the first to import
(and a class imported twice is two classes).
"""

import importlib
import pkgutil

import httpx
import openai
import pydantic
import respx
import vcr.serialize
import vcr.serializers.jsonserializer
import vcr.serializers.yamlserializer
import yaml

import understudy

for module in pkgutil.walk_packages(understudy.__path__, "understudy."):
    if not module.name.endswith(("__main__", "strategies")):
        importlib.import_module(module.name)

preloaded = (httpx, openai, openai.beta, openai.chat, openai.AsyncOpenAI, pydantic, respx, vcr.serialize, yaml)
