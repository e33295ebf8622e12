// SPDX-License-Identifier: GPL-2.0
/* Health: the names under which it is known; see health.h. */

#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringhash.h>

#include "health.h"

static DEFINE_MUTEX(kpac_health_lock);
static DEFINE_HASHTABLE(kpac_health_names, 10);

static struct kpac_health *kpac_health_find(u64 cookie, const char *name,
					    u32 hash)
{
	struct kpac_health *health;

	hash_for_each_possible(kpac_health_names, health, node, hash)
		if (health->cookie == cookie && !strcmp(health->name, name))
			return health;
	return NULL;
}

static struct kpac_health *kpac_health_new(u64 cookie, const char *name,
					   u32 hash)
{
	struct kpac_health *health;

	health = kzalloc(sizeof(*health), GFP_KERNEL_ACCOUNT);
	if (!health)
		return NULL;
	health->cookie = cookie;
	strscpy(health->name, name, sizeof(health->name));
	hash_add(kpac_health_names, &health->node, hash);
	return health;
}

/**
 * kpac_health_get - hold the health of a host
 * @net: the namespace
 * @name: the name, shorter than %KPAC_HEALTH_NAME_SIZE
 *
 * Who finds out, and who wants to know, may come in any order.
 *
 * Context: process, may sleep.
 * Return: the health, for kpac_health_put(), or NULL: there is no memory.
 */
struct kpac_health *kpac_health_get(const struct net *net, const char *name)
{
	u32 hash = full_name_hash(net, name, strlen(name));
	struct kpac_health *health;

	mutex_lock(&kpac_health_lock);
	health = kpac_health_find(net->net_cookie, name, hash) ?:
		 kpac_health_new(net->net_cookie, name, hash);
	if (health)
		health->users++;
	mutex_unlock(&kpac_health_lock);
	return health;
}

/**
 * kpac_health_put - let it go
 * @health: the health, which nobody who got it with this hold looks at any more
 *
 * Context: process, may sleep.
 */
void kpac_health_put(struct kpac_health *health)
{
	mutex_lock(&kpac_health_lock);
	if (--health->users)
		health = NULL;
	else
		hash_del(&health->node);
	mutex_unlock(&kpac_health_lock);
	kfree(health);
}
