"""The explorer: a local page on which superposition happens live.

A server (`app`, `serve`) hands out the page and one WebSocket per open page; behind each page a
process of its own (`worker`) trains by the engines' stepper and sends what is to be seen. The
contract between page and server is `docs/explorer-protocol.md`.
"""
