"""The HTTP server of the hub and of its mirrors: a worker class of gunicorn that no slow client can hold up.

* `worker`: `BufferedWorker`, an event loop that receives requests and sends responses, and threads that make the responses
* `connections`: all connections of a process: accepts and closes them, and chooses which are closed at a limit
* `connection`: one connection and its request
* `bodies`: bodies of requests as they arrive, with a length or in chunks
* `answering`: calls the application, part by part of a response
* `writer`: responses, and their bytes that the client has not read yet
* `rate`: how slowly bodies may arrive and responses be read
* `logger`: gunicorn's log messages in the format of the program
* `rejections`: responses to requests that the application never sees
* `budget`: bytes that all connections of a process may hold together, and the sender of each connection
* `open_files`: the limit of files that a process may open

gunicorn's own threads (gthread) read heads and bodies in the thread that responds, so each slow client holds a thread.
"""
