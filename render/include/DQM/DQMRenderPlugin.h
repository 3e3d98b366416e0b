// Forwards to the base class, under the path included by plugins of the production GUI.
#include "../src/DQMRenderPlugin.h"
