import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


def box_area(boxes):
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_iou(boxes1, boxes2):
    lt = torch.max(boxes1[:, None, :2], boxes2[:, :2])
    rb = torch.min(boxes1[:, None, 2:], boxes2[:, 2:])
    wh = (rb - lt).clamp(min=0)
    inter = wh[:, :, 0] * wh[:, :, 1]
    return inter / (box_area(boxes1)[:, None] + box_area(boxes2) - inter)


def nms(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    keep = []
    while order.numel() > 0:
        i = order[0].item()
        keep.append(i)
        if order.numel() == 1:
            break
        ious = box_iou(boxes[i].unsqueeze(0), boxes[order[1:]]).squeeze(0)
        order = order[1:][ious <= threshold]
    return torch.tensor(keep)


def cxcywh_to_xyxy(x):
    x_c, y_c, w, h = x.unbind(-1)
    return torch.stack([x_c - 0.5 * w, y_c - 0.5 * h, x_c + 0.5 * w, y_c + 0.5 * h], dim=-1)


class Detector(nn.Module):
    def __init__(self, anchors=2, classes=3):
        super().__init__()
        self.anchors, self.classes = anchors, classes
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1),
            nn.BatchNorm2d(8),
            nn.SiLU(),
            nn.Conv2d(8, 16, 3, 2, 1),
            nn.SiLU(),
        )
        self.fpn = nn.Conv2d(16, 8, 1)
        self.head = nn.Conv2d(16, anchors * (5 + classes), 1)

    def forward(self, x):
        c = self.backbone(x)
        p = F.interpolate(self.fpn(F.max_pool2d(c, 2)), size=c.shape[-2:], mode="nearest")
        out = self.head(torch.cat([p, c[:, :8]], 1))
        b, _, h, w = out.shape
        out = out.view(b, self.anchors, 5 + self.classes, h, w).permute(0, 1, 3, 4, 2).contiguous()
        gy, gx = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        xy = (out[..., :2].sigmoid() + torch.stack((gx, gy), -1)) / torch.tensor([w, h])
        wh = out[..., 2:4].exp() * 0.2
        return (
            torch.cat((xy, wh), -1).view(b, -1, 4),
            out[..., 4].reshape(b, -1),
            out[..., 5:].reshape(b, -1, self.classes),
        )


model = Detector()
images = torch.rand(2, 3, 16, 16)
targets = [
    {"boxes": torch.tensor([[0.1, 0.1, 0.4, 0.5]]), "labels": torch.tensor([1])},
    {
        "boxes": torch.tensor([[0.5, 0.5, 0.9, 0.8], [0.0, 0.6, 0.3, 1.0]]),
        "labels": torch.tensor([0, 2]),
    },
]
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step in range(5):
    boxes, obj, cls = model(images)
    total = torch.zeros(())
    for i, t in enumerate(targets):
        iou = box_iou(cxcywh_to_xyxy(boxes[i]), t["boxes"])
        best = iou.detach().argmax(dim=0)
        obj_t = torch.zeros_like(obj[i])
        obj_t[best] = 1.0
        total = (
            total
            + (1 - iou[best, torch.arange(len(best))]).mean()
            + F.cross_entropy(cls[i][best], t["labels"])
        )
        total += F.binary_cross_entropy_with_logits(obj[i], obj_t)
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    print(f"step {step} loss {total.item():.4f}")
b = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.1, 0.1, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]])
s = torch.tensor([0.9, 0.8, 0.7])
print(box_iou(b, b), nms(b, s, 0.5))
scores, classes = (obj.sigmoid().unsqueeze(-1) * cls.softmax(-1)).detach().max(-1)
print(
    scores.topk(3).values.shape,
    classes.unique(),
    boxes.shape,
    obj_t.nonzero(as_tuple=True)[0].shape,
)
print(
    torch.vmap(lambda x: x.sum())(b) if hasattr(torch, "vmap") else None,
    (b[:, 2:] - b[:, :2]).prod(1),
)
