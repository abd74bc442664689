#include "unused.h"

#include <stddef.h>

#include "msg.h"

const char *unused_name(unsigned int options)
{
	static const char *const names[] = {
		"CGROUP",    "-i",	     "-c",     "-r",	   "--source",
		"--age-now", "--local",	     "--node", "--sample", "--max-cpu",
		"--jobs",    "--background", "--wait", "--strict",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (options >> i & 1)
			return names[i];
	return NULL;
}

void unused_refuse(unsigned int given, unsigned int unused, const char *with)
{
	const char *name = unused_name(given & unused);

	if (name)
		die(0, "%s: has no effect with %s", name, with);
}
