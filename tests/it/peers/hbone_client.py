"""HBONE as a peer speaks it that shares no code with ours: Python's ssl (OpenSSL) and the h2 package.

One line of output for each case: its name, a tab, and what came back, in order: the status, how much data and
whether it is what was sent, END for END_STREAM, RST(...) for RST_STREAM.

usage: hbone_client.py HOST PORT FOLDER AUTHORITY DENIED UNREACHABLE MAPPED
FOLDER has cert.pem, key.pem and root.pem; the authorities are an echo server's, one that a policy denies, one where
nobody listens, and an IPv4 address of the server's written as an IPv4-mapped one of IPv6.
"""

import os
import signal
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings
from h2.errors import ErrorCodes
from hyperframe.frame import Frame, GoAwayFrame, PriorityFrame, RstStreamFrame

HOST, PORT, FOLDER, AUTHORITY, DENIED, UNREACHABLE, MAPPED = sys.argv[1:]
S = h2.settings.SettingCodes


class Stream:
    def __init__(self):
        self.log, self.data, self.sent = [], bytearray(), bytearray()
        self.status = self.ended = self.reset = False

    def seen(self):
        log = list(self.log)
        if self.data or self.sent:
            same = "same" if self.data == self.sent else "other"
            log.insert(1, f"{len(self.data)} {same}")
        return " ".join(log)


class Tunnel:
    def __init__(self, settings=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(f"{FOLDER}/root.pem")
        context.load_cert_chain(f"{FOLDER}/cert.pem", f"{FOLDER}/key.pem")
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(socket.create_connection((HOST, int(PORT)), timeout=30))
        assert self.socket.selected_alpn_protocol() == "h2"
        names = [value for kind, value in self.socket.getpeercert()["subjectAltName"]]
        assert len(names) == 1 and names[0].startswith("spiffe://"), names
        config = h2.config.H2Configuration(
            validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="utf-8"
        )
        self.h2 = h2.connection.H2Connection(config)
        if settings:
            # An update would be sent later than the first SETTINGS, which is what these are for.
            self.h2.local_settings = h2.settings.Settings(client=True, initial_values=settings)
        self.h2.initiate_connection()
        self.streams, self.pongs, self.goaway, self.settings = {}, 0, None, None
        self.flush()
        self.until(lambda: self.settings)

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def raw(self, frame):
        """A frame that the h2 package would not send."""
        self.flush()
        self.socket.sendall(frame.serialize())

    def pump(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("closed")
        for event in self.h2.receive_data(data):
            stream = self.streams.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ResponseReceived):
                stream.status = True
                stream.log.append(dict(event.headers)[":status"])
            elif isinstance(event, h2.events.DataReceived):
                stream.data += event.data
                if not getattr(stream, "stalled", False):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                stream.ended = True
                stream.log.append("END")
            elif isinstance(event, h2.events.StreamReset):
                stream.reset = True
                stream.log.append(f"RST({ErrorCodes(event.error_code).name})")
            elif isinstance(event, h2.events.PingAckReceived):
                self.pongs += 1
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goaway = ErrorCodes(event.error_code).name
            elif isinstance(event, h2.events.RemoteSettingsChanged):
                self.settings = {change.setting: change.new_value for change in event.changed_settings.values()}
        self.flush()

    def until(self, condition):
        while not condition():
            self.pump()

    def ask(self, headers, end=False):
        number = self.h2.get_next_available_stream_id()
        stream = self.streams[number] = Stream()
        stream.number = number
        self.h2.send_headers(number, headers, end_stream=end)
        self.flush()
        return stream

    def connect(self, authority=AUTHORITY, extra=(), end=False):
        return self.ask([(":method", "CONNECT"), (":authority", authority), *extra], end)

    def open(self, *arguments, **named):
        stream = self.connect(*arguments, **named)
        self.until(lambda: stream.status or stream.reset)
        return stream

    def send(self, stream, data, padding=None, end=False):
        stream.sent += data
        extra = 0 if padding is None else padding + 1
        rest = memoryview(data)
        while rest:
            window = min(self.h2.local_flow_control_window(stream.number), self.h2.max_outbound_frame_size) - extra
            if window <= 0:
                self.pump()
                continue
            part, rest = rest[:window], rest[window:]
            self.h2.send_data(stream.number, bytes(part), pad_length=padding)
            self.flush()
        if end:
            self.h2.end_stream(stream.number)
            self.flush()

    def finish(self, stream):
        self.until(lambda: stream.ended or stream.reset)
        return stream.seen()

    def refused(self, stream):
        """A refusal leaves the request's side open, and so is followed by a reset."""
        self.until(lambda: stream.reset)
        return stream.seen()

    def lives(self):
        stream = self.open()
        self.send(stream, b"still there", end=True)
        return self.finish(stream)


def request_and_response():
    tunnel = Tunnel()
    stream = tunnel.open()
    tunnel.send(stream, b"hello", end=True)
    return tunnel.finish(stream)


def servers_settings():
    wanted = [S.MAX_CONCURRENT_STREAMS, S.INITIAL_WINDOW_SIZE, S.MAX_FRAME_SIZE, S.MAX_HEADER_LIST_SIZE]
    settings = Tunnel().settings
    return " ".join(f"{name.name}={settings.get(name)}" for name in wanted)


def backend_speaks_while_we_do():
    tunnel = Tunnel()
    stream = tunnel.open()
    for part in (b"one", b"two", b"three"):
        tunnel.send(stream, part)
        tunnel.until(lambda: stream.data == stream.sent)
    tunnel.send(stream, b"", end=True)
    return tunnel.finish(stream)


def windows_of_100_bytes():
    tunnel = Tunnel({S.INITIAL_WINDOW_SIZE: 100})
    stream = tunnel.open()
    tunnel.send(stream, os.urandom(20_000), end=True)
    return tunnel.finish(stream)


def window_of_nothing_then_of_something():
    tunnel = Tunnel({S.INITIAL_WINDOW_SIZE: 0})
    stream = tunnel.open()
    tunnel.send(stream, b"x" * 1000, end=True)
    other = tunnel.open()
    tunnel.h2.increment_flow_control_window(5, other.number)
    tunnel.send(other, b"other", end=True)
    tunnel.finish(other)
    assert not stream.data, "data without a window"
    tunnel.h2.increment_flow_control_window(1000, stream.number)
    tunnel.flush()
    return tunnel.finish(stream)


def window_shrinks_below_zero():
    tunnel = Tunnel()
    stream = tunnel.open()
    stream.stalled = True
    tunnel.send(stream, b"x" * 60_000)
    tunnel.until(lambda: len(stream.data) == 60_000)
    # RFC 9113 section 6.9.2: windows may become negative.
    tunnel.h2.update_settings({S.INITIAL_WINDOW_SIZE: 10})
    tunnel.flush()
    tunnel.send(stream, b"y" * 1000, end=True)
    tunnel.h2.ping(b"settings")
    tunnel.flush()
    tunnel.until(lambda: tunnel.pongs)
    assert len(stream.data) == 60_000, "data beyond a window"
    tunnel.h2.acknowledge_received_data(60_000, stream.number)
    tunnel.h2.increment_flow_control_window(2000, stream.number)
    tunnel.flush()
    stream.stalled = False
    return tunnel.finish(stream)


def frames_of_a_megabyte():
    tunnel = Tunnel({S.MAX_FRAME_SIZE: 1 << 20, S.INITIAL_WINDOW_SIZE: 1 << 22})
    tunnel.h2.increment_flow_control_window(1 << 22)
    stream = tunnel.open()
    tunnel.send(stream, os.urandom(3 << 20), end=True)
    return tunnel.finish(stream)


def padding():
    tunnel = Tunnel()
    stream = tunnel.open()
    for _ in range(100):
        tunnel.send(stream, b"ten bytes.", padding=255)
    tunnel.h2.end_stream(stream.number)
    tunnel.flush()
    return tunnel.finish(stream)


def trailers():
    tunnel = Tunnel()
    stream = tunnel.open()
    tunnel.send(stream, b"with trailers")
    tunnel.h2.send_headers(stream.number, [("x-checksum", "1")], end_stream=True)
    tunnel.flush()
    return tunnel.finish(stream)


def fifty_interleaved():
    tunnel = Tunnel()
    streams = [tunnel.connect() for _ in range(50)]
    for _ in range(10):
        for stream in streams:
            tunnel.send(stream, os.urandom(100 + stream.number))
    for stream in reversed(streams):
        tunnel.send(stream, b"end", end=True)
    return " ".join({tunnel.finish(stream).split(" ", 2)[2] for stream in streams})


def data_before_the_200():
    tunnel = Tunnel()
    stream = tunnel.connect()
    tunnel.send(stream, b"early", end=True)
    return tunnel.finish(stream)


def no_data_at_all():
    tunnel = Tunnel()
    return tunnel.finish(tunnel.connect(end=True))


def reset_in_the_middle():
    tunnel = Tunnel()
    stream = tunnel.open()
    tunnel.send(stream, b"cut off")
    tunnel.h2.reset_stream(stream.number, ErrorCodes.CANCEL)
    tunnel.flush()
    return tunnel.lives()


def reset_before_the_200():
    tunnel = Tunnel()
    for _ in range(20):
        stream = tunnel.connect()
        tunnel.raw(RstStreamFrame(stream.number, error_code=ErrorCodes.CANCEL))
        tunnel.h2.reset_stream(stream.number, ErrorCodes.CANCEL)
        tunnel.h2.data_to_send()
    return tunnel.lives()


def goaway_with_a_stream_open():
    tunnel = Tunnel()
    stream = tunnel.open()
    tunnel.raw(GoAwayFrame(0, last_stream_id=0, error_code=ErrorCodes.NO_ERROR))
    tunnel.send(stream, b"after GOAWAY", end=True)
    return tunnel.finish(stream)


def ping():
    tunnel = Tunnel()
    for _ in range(5):
        tunnel.h2.ping(b"12345678")
    tunnel.flush()
    tunnel.until(lambda: tunnel.pongs == 5)
    return tunnel.lives()


def unknown_frames_and_priorities():
    tunnel = Tunnel()
    stream = tunnel.open()
    # RFC 9113 section 5.5: frames of unknown types are ignored; PRIORITY has no meaning any more.
    unknown = b"\x00\x00\x03\x42\x00" + stream.number.to_bytes(4, "big") + b"abc"
    tunnel.flush()
    tunnel.socket.sendall(unknown)
    tunnel.raw(PriorityFrame(stream.number, depends_on=0, stream_weight=10))
    tunnel.send(stream, b"after them", end=True)
    return tunnel.finish(stream)


def no_header_table():
    tunnel = Tunnel({S.HEADER_TABLE_SIZE: 0})
    tunnel.lives()
    return tunnel.lives()


def continuation():
    tunnel = Tunnel()
    stream = tunnel.open(extra=[("baggage", "k=" + "v" * 40_000)])
    tunnel.send(stream, b"long headers", end=True)
    return tunnel.finish(stream)


def headers_beyond_the_limit():
    tunnel = Tunnel()
    stream = tunnel.open(extra=[("baggage", "k=" + "v" * 50_000), ("x-more", "w" * 50_000)])
    return tunnel.refused(stream) + ", then " + tunnel.lives()


def malformed(*headers):
    def run():
        tunnel = Tunnel()
        stream = tunnel.ask(list(headers))
        seen = tunnel.refused(stream)
        return seen + ", then " + tunnel.lives()

    return run


def refusal(authority):
    def run():
        tunnel = Tunnel()
        seen = tunnel.refused(tunnel.connect(authority))
        return seen + ", then " + tunnel.lives()

    return run


def without_a_certificate():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(f"{FOLDER}/root.pem")
    context.set_alpn_protocols(["h2"])
    try:
        stream = context.wrap_socket(socket.create_connection((HOST, int(PORT)), timeout=30))
        # In TLS 1.3 the refusal comes after the client has finished.
        stream.recv(1)
        while stream.recv(1 << 16):
            pass
        return "closed without an alert"
    except ssl.SSLError as error:
        return error.reason


def tls_1_2():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(f"{FOLDER}/root.pem")
    context.load_cert_chain(f"{FOLDER}/cert.pem", f"{FOLDER}/key.pem")
    try:
        context.wrap_socket(socket.create_connection((HOST, int(PORT)), timeout=30))
        return "accepted"
    except ssl.SSLError as error:
        return error.reason


METHOD, OURS = (":method", "CONNECT"), (":authority", AUTHORITY)
CASES = {
    "request and response": request_and_response,
    "the server's settings": servers_settings,
    "a backend that speaks while we do": backend_speaks_while_we_do,
    "windows of 100 bytes": windows_of_100_bytes,
    "a window of nothing, then of something": window_of_nothing_then_of_something,
    "a window that shrinks below zero": window_shrinks_below_zero,
    "frames of a megabyte": frames_of_a_megabyte,
    "padding": padding,
    "trailers": trailers,
    "fifty interleaved": fifty_interleaved,
    "data before the 200": data_before_the_200,
    "no data at all": no_data_at_all,
    "a reset in the middle": reset_in_the_middle,
    "resets before the 200": reset_before_the_200,
    "GOAWAY with a stream open": goaway_with_a_stream_open,
    "PING": ping,
    "unknown frames and PRIORITY": unknown_frames_and_priorities,
    "no header table": no_header_table,
    "CONTINUATION": continuation,
    "headers beyond the limit": headers_beyond_the_limit,
    ":scheme and :path": malformed(METHOD, (":scheme", "https"), (":path", "/"), OURS),
    "extended CONNECT": malformed(METHOD, (":protocol", "websocket"), (":scheme", "https"), (":path", "/"), OURS),
    "no authority": malformed(METHOD),
    "an empty authority": malformed(METHOD, (":authority", "")),
    "an authority without a port": refusal(AUTHORITY.rsplit(":", 1)[0]),
    "an authority of somebody else": refusal("192.0.2.1:3000"),
    "an IPv4-mapped authority": refusal(MAPPED),
    "an ordinary GET": malformed((":method", "GET"), (":scheme", "https"), (":path", "/"), OURS),
    "a port that a policy denies": refusal(DENIED),
    "a port where nobody listens": refusal(UNREACHABLE),
    "no certificate": without_a_certificate,
    "TLS 1.2": tls_1_2,
}

def out_of_time(_signal, _frame):
    raise TimeoutError("the case did not end")


signal.signal(signal.SIGALRM, out_of_time)
for name, case in CASES.items():
    signal.alarm(20)
    try:
        seen = case()
    except Exception as error:  # Whatever it is, it is what the case showed.
        seen = f"{type(error).__name__}: {error}"
    print(f"{name}\t{seen}", flush=True)
