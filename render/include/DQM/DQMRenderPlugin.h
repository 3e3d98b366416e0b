// The base class by the name that sources of plugins for the production GUI include.
#include "../src/DQMRenderPlugin.h"
