// chart_graph.h - draws a computational graph: what came from what.
//
// Inputs stand at the left as names, operations as circles with a sign, arrows
// run to the right. Each node has a number above it (its value, on the way
// there) and one below (the derivative by it, on the way back). Readable up to
// some 15 nodes; nodes that are used once never make arrows cross.

#ifndef DL_CHART_GRAPH_H
#define DL_CHART_GRAPH_H

enum { GRAPH_NODES = 64 };

typedef struct {
    const char *label;   // "×", "x²"
    int inputs[2];       // their places in the array, before its own; -1: none
    double above, below; // NAN: nothing
} GraphNode;

// Writes out/<chapter>/<name>. The last node, an operation, is the result;
// what it does not depend on is left out. At most GRAPH_NODES nodes.
void graph_draw(const GraphNode *nodes, int count, const char *chapter,
                const char *name, const char *title, const char *format);

#endif
