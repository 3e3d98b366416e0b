"""The HTTP server of the hub and of its mirrors: a worker class of gunicorn that no slow client can hold up.

* `worker`: `BufferedWorker`, an event loop that receives whole requests and sends the rest of responses, and the threads in between
* `connections`: all of them: accepted, armed, closed, and which are given up for want of room
* `connection`: one of them and its request
* `bodies`: bodies of requests as they arrive, with a length or in chunks
* `answering`: calls the application, part by part of a response
* `writer`: responses, and what their readers have not taken yet
* `rate`: how slowly bodies may arrive and responses be read
* `rejections`: responses to requests that the application never sees
* `budget`: bytes that all connections of a process may hold together, and whose they are
* `open_files`: the limit of files that a process may open

gunicorn's own threads (gthread) read heads and bodies in the thread that answers, so each slow client holds one.
"""
