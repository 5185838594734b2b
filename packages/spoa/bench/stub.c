/*
 * The peer of the spoa benchmark: the least an SPOE agent can be. One thread, epoll, every NOTIFY answered by the same ACK of
 * about 200 bytes; ids copied, arguments not looked at, the ACKs of one read in one write. Pipelining, health checks.
 *
 *   stub PORT       listens on 127.0.0.1:PORT, prints "ready"
 *
 * No bounds are checked beyond what keeps it from reading outside its buffer: it serves HAProxy in a benchmark and nobody else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_SIZE = 65536, OUT_SIZE = 1 << 20, MAX_FDS = 65536, FRAME_MAX = 16380 };

struct connection {
	uint8_t in[IN_SIZE];
	size_t length;
};

static struct connection *connections[MAX_FDS];
static uint8_t out[OUT_SIZE];
static uint8_t answer[400];
static size_t answer_length;

static uint8_t *put_name(uint8_t *at, const char *name)
{
	size_t length = strlen(name);
	*at++ = (uint8_t)length; /* below 240 */
	memcpy(at, name, length);
	return at + length;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
	if (value < 240) {
		*at++ = (uint8_t)value;
		return at;
	}
	*at++ = (uint8_t)(value | 0xf0);
	for (value = (value - 240) >> 4; value >= 128; value = (value - 128) >> 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

/* SET-VAR in scope sess. */
static uint8_t *put_variable(uint8_t *at, const char *name)
{
	*at++ = 1;
	*at++ = 3;
	*at++ = 1;
	return put_name(at, name);
}

static uint8_t *put_text(uint8_t *at, const char *name, const char *value)
{
	at = put_variable(at, name);
	*at++ = 8;
	return put_name(at, value);
}

static uint8_t *put_number(uint8_t *at, const char *name, uint64_t value)
{
	at = put_variable(at, name);
	*at++ = 4;
	return put_varint(at, value);
}

static void make_answer(void)
{
	uint8_t *at = answer;
	at = put_text(at, "status", "ok");
	at = put_text(at, "done", "1");
	at = put_text(at, "os", "Linux 5.x-6.x");
	at = put_number(at, "os_match_q", 0);
	at = put_number(at, "dist", 0);
	at = put_text(at, "link", "loopback");
	at = put_number(at, "link_mtu", 65535);
	at = put_number(at, "link_mss", 65495);
	at = put_text(at, "sig", "4:64+0:0:65495:65535,10:mss,sok,ts,nop,ws:df,id+:0");
	answer_length = (size_t)(at - answer);
}

static uint8_t *put_frame(uint8_t *at, uint8_t type, const uint8_t *ids, size_t ids_length, const uint8_t *payload, size_t length)
{
	uint32_t size = htonl((uint32_t)(5 + ids_length + length));
	memcpy(at, &size, 4);
	at[4] = type;
	at[5] = at[6] = at[7] = 0;
	at[8] = 1;
	memcpy(at + 9, ids, ids_length);
	memcpy(at + 9 + ids_length, payload, length);
	return at + 9 + ids_length + length;
}

static size_t varint_length(const uint8_t *at)
{
	size_t length = 1;
	if (at[0] >= 240)
		while (at[length++] >= 128)
			;
	return length;
}

static void drop(int fd)
{
	free(connections[fd]);
	connections[fd] = NULL;
	close(fd);
}

static void serve(int fd)
{
	struct connection *c = connections[fd];
	ssize_t got = recv(fd, c->in + c->length, IN_SIZE - c->length, 0);
	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			drop(fd);
		return;
	}
	c->length += (size_t)got;
	size_t at = 0;
	uint8_t *to = out;
	int is_over = 0;
	static const uint8_t zero[2];
	while (c->length - at >= 4) {
		uint32_t size;
		memcpy(&size, c->in + at, 4);
		size = ntohl(size);
		if (size < 7 || size > FRAME_MAX) {
			is_over = 1;
			break;
		}
		if (c->length - at < 4 + size)
			break;
		const uint8_t *frame = c->in + at;
		at += 4 + size;
		if (frame[4] == 3) {
			size_t ids = varint_length(frame + 9);
			ids += varint_length(frame + 9 + ids);
			to = put_frame(to, 103, frame + 9, ids, answer, answer_length);
		} else if (frame[4] == 1) {
			uint8_t hello[64], *end = hello;
			end = put_name(end, "version");
			*end++ = 8;
			end = put_name(end, "2.0");
			end = put_name(end, "max-frame-size");
			*end++ = 3;
			end = put_varint(end, FRAME_MAX);
			end = put_name(end, "capabilities");
			*end++ = 8;
			end = put_name(end, "pipelining");
			to = put_frame(to, 101, zero, 2, hello, (size_t)(end - hello));
			if (memmem(frame, 4 + size, "healthcheck", 11))
				is_over = 1;
		} else if (frame[4] == 2) {
			is_over = 1;
		}
	}
	memmove(c->in, c->in + at, c->length - at);
	c->length -= at;
	if (to > out && send(fd, out, (size_t)(to - out), MSG_NOSIGNAL) != to - out)
		is_over = 1;
	if (is_over)
		drop(fd);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: stub PORT\n");
		return 64;
	}
	make_answer();
	int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0) {
		perror("stub: listen");
		return 1;
	}
	int epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener }, events[256];
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;
			if (fd != listener) {
				if (connections[fd] != NULL)
					serve(fd);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				if (fd >= MAX_FDS) {
					close(fd);
					continue;
				}
				setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
				connections[fd] = malloc(sizeof(struct connection));
				connections[fd]->length = 0;
				event.events = EPOLLIN;
				event.data.fd = fd;
				epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
			}
		}
	}
}
