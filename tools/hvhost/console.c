// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the guest's serial line ends: a file, or stdin and stdout. Output is gathered
 * to lines, or for a few milliseconds, since each byte comes by itself. A terminal on
 * stdin is set to raw mode, so that Ctrl-C is the guest's; Ctrl-A x ends hvhost, and
 * Ctrl-A twice sends one.
 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "exitcode.h"
#include "log.h"
#include "loop.h"
#include "uart.h"

#define FLUSH_AFTER_NS	10000000ull
#define ESCAPE		0x01	/* Ctrl-A */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* out, out_len */
static uint8_t out[1024];
static size_t out_len;
static int out_fd = STDOUT_FILENO;
static struct loop_timer *flush_timer;

static struct termios saved_termios;
static bool is_raw;
static bool escaped;

/* Gives up for good when nobody reads any more. */
static void write_all(const uint8_t *data, size_t len)
{
	while (len && out_fd >= 0) {
		ssize_t n = write(out_fd, data, len);

		if (n >= 0) {
			data += n;
			len -= n;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = out_fd, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			log_info("console: %s", strerror(errno));
			out_fd = -1;
		}
	}
}

static void flush_locked(void)
{
	write_all(out, out_len);
	out_len = 0;
}

static void flush(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	flush_locked();
	pthread_mutex_unlock(&lock);
}

void console_put(uint8_t c)
{
	pthread_mutex_lock(&lock);
	out[out_len++] = c;
	if (c == '\n' || out_len == sizeof(out))
		flush_locked();
	else if (out_len == 1)
		loop_timer_arm(flush_timer, FLUSH_AFTER_NS, 0);
	pthread_mutex_unlock(&lock);
}

/* Takes the escapes out of what was typed; returns what is left of it. */
static size_t handle_escapes(uint8_t *data, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++) {
		if (!escaped && data[i] == ESCAPE) {
			escaped = true;
			continue;
		}
		if (escaped && data[i] == 'x')
			loop_stop(EXIT_SIGNAL_BASE + SIGINT);
		else
			data[kept++] = data[i];
		escaped = false;
	}
	return kept;
}

static void input_ready(void *ctx)
{
	size_t room = uart_room();
	uint8_t data[256];
	ssize_t n;

	(void)ctx;
	if (!room) {
		loop_del_fd(STDIN_FILENO);	/* until console_room() */
		return;
	}
	n = read(STDIN_FILENO, data, room < sizeof(data) ? room : sizeof(data));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		loop_del_fd(STDIN_FILENO);
	else
		uart_receive(data, is_raw ? handle_escapes(data, n) : (size_t)n);
}

static void watch_input(void *ctx)
{
	(void)ctx;
	loop_del_fd(STDIN_FILENO);
	/* A regular file cannot be watched; it is no console either. */
	if (loop_add_fd(STDIN_FILENO, input_ready, NULL))
		log_debug("stdin is not watched: %s", strerror(errno));
}

void console_room(void)
{
	if (out_fd == STDOUT_FILENO)
		loop_call(watch_input, NULL);
}

/*
 * A process in the background keeps its hands off the terminal. One that is not our
 * controlling terminal (an init's console) has no such notion.
 */
static bool in_background(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group > 0 && group != getpgrp();
}

static void raw_mode(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved_termios))
		return;
	raw = saved_termios;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST;	/* our own lines on the same terminal */
	is_raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static bool open_file(const char *path)
{
	out_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out_fd < 0)
		log_info("--console %s: %s", path, strerror(errno));
	return out_fd >= 0;
}

bool console_init(const char *path)
{
	flush_timer = loop_timer_new(flush, NULL);
	if (!flush_timer)
		return false;
	if (path)
		return open_file(path);
	if (in_background())
		return true;
	if (isatty(STDIN_FILENO))
		raw_mode();
	watch_input(NULL);
	return true;
}

void console_finish(void)
{
	flush(NULL);
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved_termios);
	is_raw = false;
}
