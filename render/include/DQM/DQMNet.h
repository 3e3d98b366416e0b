// Forwards to the flags, under the path included by plugins of the production GUI.
#include "../src/DQMNet.h"
