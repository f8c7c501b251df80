"""The same fan-out by python-socketio on aiohttp: fanout_socketio.py PORT MESSAGES."""
import json, re, sys
import socketio
from aiohttp import web

events = [json.loads(text[2:]) for text in json.load(open(sys.argv[2]))]
server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*", ping_interval=25, ping_timeout=20)
application = web.Application()
server.attach(application)


async def publish(request):
    word = (await request.json())["notes"]
    for name, payload in events:
        await server.emit(name, json.loads(json.dumps(payload).replace("@WORD@", word)))
    return web.json_response({"success": True})


async def health(request): return web.json_response({"status": "ok"})


application.router.add_put("/publish", publish)
application.router.add_get("/health", health)
web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None, backlog=1024)
