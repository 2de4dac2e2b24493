// Moved to where plugins see it.
#pragma once

#include "ampload/checkpoint_json.h"
