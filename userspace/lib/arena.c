// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Memory for the parts of one structure, which are all released at once. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define LEAST 4096

struct kpac_block {
	struct kpac_block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) char data[];
};

/* Zeroed and aligned for anything, or NULL. */
void *kpac_arena_get(struct kpac_arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct kpac_block *block = arena->block;
	void *data;

	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size) {
		size_t room = size > LEAST ? size : LEAST;

		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->next = arena->block;
		block->size = room;
		block->used = 0;
		arena->block = block;
	}
	data = block->data + block->used;
	block->used += size;
	return memset(data, 0, size);
}

/* Nothing of what was got is valid any more; one block is kept for what comes. */
void kpac_arena_reset(struct kpac_arena *arena)
{
	while (arena->block && arena->block->next) {
		struct kpac_block *next = arena->block->next;

		free(arena->block);
		arena->block = next;
	}
	if (arena->block)
		arena->block->used = 0;
}

void kpac_arena_fini(struct kpac_arena *arena)
{
	kpac_arena_reset(arena);
	free(arena->block);
	arena->block = NULL;
}
