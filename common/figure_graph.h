// figure_graph.h - draws a computational graph: what came from what.
//
// Inputs stand at the left as names, operations as circles with a sign, arrows
// run to the right. Each node has its value above it, from the forward pass, and
// below it the derivative with respect to it, from the backward pass. Readable
// up to some 15 nodes; nodes that are used once never make arrows cross.

#ifndef DL_FIGURE_GRAPH_H
#define DL_FIGURE_GRAPH_H

#include "figure.h"

enum { GRAPH_NODES = 64 };

typedef struct {
    const char *label;   // "×", "x²"
    int inputs[2];       // their places in the array, before its own; -1: none
    double above, below; // NAN: nothing
} GraphNode;

// The graph as the figure's current panel; without a caption so far, one that
// says how to read it. The title is the caller's. The last node, an operation, is the result;
// what it does not depend on is left out. At most GRAPH_NODES nodes.
void graph_draw(Figure *f, const GraphNode *nodes, int count);

#endif
