#include "recurrent_net.h"

#include "layers.h"

void recurrent_net_init(RecurrentNet *net, CellKind kind, int D, int H,
                        int classes, Rng *rng) {
    *net = (RecurrentNet){.cell = {.kind = kind}};
    const int rows = cell_gates(kind) * H;
    CellWeights *w = &net->cell_w, *dw = &net->dcell_w;
    const ParamSpec table[] = {
        {"cell.weight_ih_l0", &w->wx, &dw->wx, {rows, D}},
        {"cell.weight_hh_l0", &w->wh, &dw->wh, {rows, H}},
        {"cell.bias_ih_l0", &w->bx, &dw->bx, {rows}},
        {"cell.bias_hh_l0", &w->bh, &dw->bh, {rows}},
        {"fc.weight", &net->fc_w, &net->dfc_w, {classes, H}},
        {"fc.bias", &net->fc_b, &net->dfc_b, {classes}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
    cell_init(w, rng);
}

void recurrent_net_free(RecurrentNet *net) {
    tensor_free(&net->logits);
    tensor_free(&net->dstates);
    tensor_free(&net->dlogits);
    recurrent_free(&net->cell);
    params_free(&net->params);
}

// The states that the linear layer reads, as rows: [N, H] or [T N, H].
static Tensor states_asked(const RecurrentNet *net) {
    const Recurrent *c = &net->cell;
    if (net->asked == LAST_STATE)
        return recurrent_state(c, c->T);
    Tensor all = recurrent_states(c);
    return tensor_view(all.data, 2, c->T * c->N, c->H);
}

void recurrent_net_forward(RecurrentNet *net, const Tensor *x, Asked asked) {
    net->asked = asked;
    recurrent_forward(&net->cell, x, &net->cell_w);
    Tensor states = states_asked(net);
    linear_forward(&net->logits, &states, &net->fc_w, &net->fc_b);
}

void recurrent_net_backward(RecurrentNet *net, const Tensor *x) {
    const Recurrent *c = &net->cell;
    Tensor states = states_asked(net);
    linear_backward(&net->dstates, &net->dfc_w, &net->dfc_b, &net->dlogits,
                    &states, &net->fc_w);
    Tensor dh = net->dstates;
    if (net->asked == EVERY_STATE)
        dh = tensor_view(net->dstates.data, 3, c->T, c->N, c->H);
    recurrent_backward(&net->cell, NULL, &net->dcell_w, &dh, x, &net->cell_w);
}
