// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl backend: the hosts that balancers give connections to. */
#include <inttypes.h>
#include <string.h>

#include "balancer.h"
#include "flowmon.h"
#include "table.h"

void backend_usage(FILE *to)
{
	fputs("Usage: kpacctl backend show [ BALANCER ]\n"
	      "       kpacctl backend add BALANCER addr ADDR [ port PORT ] [ weight N ]\n"
	      "                           [ state { up | down | drain } ] [ heartbeat NAME ]\n"
	      "       kpacctl backend set BALANCER addr ADDR [ port PORT ] [ weight N ]\n"
	      "                           [ state { up | down | drain } ]\n"
	      "                           [ heartbeat { NAME | none } ]\n"
	      "       kpacctl backend del BALANCER addr ADDR [ port PORT ]\n"
	      "\"kpacctl balancer add\" makes a balancer.\n",
	      to);
}

static int take_address(const char *word, struct kpac_backend *backend)
{
	struct kpac_prefix prefix;

	if (strchr(word, '/') || parse_prefix(word, &prefix))
		return arg_wrong(word, "\"addr\" is an IPv4 or IPv6 address");
	backend->addr_len = prefix.bytes;
	memcpy(backend->address, prefix.address, prefix.bytes);
	return EXIT_OK;
}

static int take_port(const char *word, struct kpac_backend *backend)
{
	uint64_t port;

	if ((!parse_uint(word, UINT16_MAX, &port) && !port_value(word, &port)) ||
	    !port)
		return arg_wrong(word,
				 "\"port\" is a number from 1 to 65535 or the name of a service");
	backend->port = (uint16_t)port;
	return EXIT_OK;
}

static int take_weight(const char *word, struct kpac_backend *backend)
{
	uint64_t weight;

	if (!parse_uint(word, KPAC_MAX_WEIGHT, &weight))
		return arg_wrong(word, "\"weight\" is a number from 0 to %d",
				 KPAC_MAX_WEIGHT);
	backend->weight = (unsigned int)weight;
	backend->have |= KPAC_BACKEND_WEIGHT;
	return EXIT_OK;
}

static int take_state(const char *word, struct kpac_backend *backend)
{
	static const char *const states[] = { "up", "down", "drain" };
	int choice = 0;
	int err;

	err = pick(word, states, ARRAY_SIZE(states), &choice);
	if (err)
		return err;
	backend->state =
		(unsigned int)kpac_backend_state_from_name(states[choice]);
	backend->have |= KPAC_BACKEND_STATE;
	return EXIT_OK;
}

static int take_heartbeat(const char *word, struct kpac_backend *backend)
{
	if (!*word || strlen(word) > KPAC_MAX_HEARTBEAT)
		return arg_wrong(word,
				 "the name of a heartbeat has 1 to %d bytes",
				 KPAC_MAX_HEARTBEAT);
	backend->have |= KPAC_BACKEND_HEARTBEAT;
	if (strcmp(word, "none"))
		memcpy(backend->heartbeat, word, strlen(word));
	return EXIT_OK;
}

/* What follows the name of the balancer, of which the first two say which back end
 * it is.
 */
static int take_backend(int argc, char **argv, struct kpac_backend *backend,
			bool config)
{
	int (*const take[])(const char *word, struct kpac_backend *backend) = {
		take_address, take_port, take_weight, take_state, take_heartbeat,
	};
	struct pair pairs[] = { { .key = "addr" }, { .key = "port" },
				{ .key = "weight" }, { .key = "state" },
				{ .key = "heartbeat" } };
	const char *name;
	size_t i;
	int err;

	*backend = (struct kpac_backend){ .size = sizeof(*backend) };
	err = take_balancer(&argc, &argv, &name);
	if (err)
		return err;
	memcpy(backend->balancer, name, strlen(name));
	err = take_pairs(argc, argv, pairs, config ? ARRAY_SIZE(pairs) : 2);
	if (!err && !pairs[0].value)
		err = arg_required("addr");
	for (i = 0; !err && i < ARRAY_SIZE(pairs); i++)
		if (pairs[i].value)
			err = take[i](pairs[i].value, backend);
	return err;
}

static int change(struct ctl *ctl, int argc, char **argv, bool config,
		  int (*request)(struct kpac *handle,
				 const struct kpac_backend *backend))
{
	struct kpac_backend backend;
	int err;

	err = take_backend(argc, argv, &backend, config);
	if (!err)
		err = ctl_connect(ctl);
	if (!err && request(ctl->kpac, &backend))
		err = ctl_refused(ctl);
	return err;
}

static int backend_add(struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, argc, argv, true, kpac_backend_add);
}

static int backend_set(struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, argc, argv, true, kpac_backend_set);
}

static int backend_del(struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, argc, argv, false, kpac_backend_del);
}

static void add_address(struct buf *buf, const struct kpac_backend *backend)
{
	struct kpac_prefix prefix = { .bytes = backend->addr_len };

	memcpy(prefix.address, backend->address, backend->addr_len);
	format_prefix(buf, &prefix, false);
}

/* The words with which it can be added, and what it was given. */
static void print_backend(const struct ctl *ctl,
			  const struct kpac_backend *backend)
{
	struct buf line = { 0 }, name = { 0 };

	buf_word(&name, backend->balancer);
	buf_add(&name, ":");
	print_colored(ctl, COLOR_NAME, name.data);
	buf_add(&line, " addr ");
	add_address(&line, backend);
	if (backend->port)
		buf_add(&line, " port %u", backend->port);
	buf_add(&line, " weight %u state %s", backend->weight,
		kpac_backend_state_name(backend->state));
	if (backend->have & KPAC_BACKEND_HEARTBEAT) {
		buf_add(&line, " heartbeat ");
		buf_word(&line, backend->heartbeat);
		buf_add(&line, " health %s",
			kpac_backend_health_name(backend->health));
	}
	printf("%s share %.1f%% connections %" PRIu64 " packets %" PRIu64
	       " bytes %" PRIu64 "\n", line.data,
	       share(backend->slots, KPAC_BALANCE_SLOTS) * 100,
	       backend->connections, backend->packets, backend->bytes);
	buf_free(&line);
	buf_free(&name);
}

static json_t *json_backend(const struct kpac_backend *backend)
{
	json_t *object = json_object();
	struct buf address = { 0 };

	add_address(&address, backend);
	json_object_set_new(object, "balancer", json_text(backend->balancer));
	json_object_set_new(object, "addr", json_string(address.data));
	if (backend->port)
		json_object_set_new(object, "port",
				    json_integer(backend->port));
	json_object_set_new(object, "weight", json_integer(backend->weight));
	json_object_set_new(object, "state",
			    json_string(kpac_backend_state_name(backend->state)));
	if (backend->have & KPAC_BACKEND_HEARTBEAT) {
		json_object_set_new(object, "heartbeat",
				    json_text(backend->heartbeat));
		json_object_set_new(object, "health",
			json_string(kpac_backend_health_name(backend->health)));
	}
	json_object_set_new(object, "slots", json_integer(backend->slots));
	json_object_set_new(object, "share",
			    json_real(share(backend->slots,
					    KPAC_BALANCE_SLOTS)));
	json_object_set_new(object, "connections",
			    json_count(backend->connections));
	json_object_set_new(object, "packets", json_count(backend->packets));
	json_object_set_new(object, "bytes", json_count(backend->bytes));
	buf_free(&address);
	return object;
}

static int show_backend(const struct kpac_backend *backend, void *arg)
{
	const struct ctl *ctl = arg;

	if (ctl->json)
		json_array_append_new(ctl->list, json_backend(backend));
	else
		print_backend(ctl, backend);
	return 0;
}

static int backend_show(struct ctl *ctl, int argc, char **argv)
{
	const char *name = NULL;
	int err = EXIT_OK;

	if (argc)
		err = take_balancer(&argc, &argv, &name);
	if (!err && argc)
		err = arg_wrong(*argv, "nothing can follow the balancer");
	if (!err)
		err = ctl_connect(ctl);
	if (err)
		return err;
	list_begin(ctl);
	if (kpac_backend_dump(ctl->kpac, name, show_backend, ctl))
		return ctl_refused(ctl);
	return list_end(ctl);
}

static const struct command commands[] = {
	{ "show", "list", backend_show, backend_usage },
	{ "add", NULL, backend_add, backend_usage },
	{ "set", NULL, backend_set, backend_usage },
	{ "del", "delete", backend_del, backend_usage },
	{ "help", NULL, NULL, backend_usage },
};

int backend_main(struct ctl *ctl, int argc, char **argv)
{
	return run_command(commands, ARRAY_SIZE(commands),
			   "kpacctl backend help", ctl, argc, argv);
}
