import copy

import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler

torch.manual_seed(0)
backbone = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1),
    nn.ReLU(inplace=True),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 8, 3, padding=1),
    nn.ReLU(inplace=True),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(8, 10),
)
for param in backbone.parameters():
    param.requires_grad = False
num_ftrs = backbone[-1].in_features
backbone[-1] = nn.Linear(num_ftrs, 2)
print([n for n, p in backbone.named_parameters() if p.requires_grad])

data = {phase: (torch.randn(24, 3, 8, 8), torch.randint(0, 2, (24,))) for phase in ["train", "val"]}
for inputs, labels in data.values():
    inputs += labels.view(-1, 1, 1, 1)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(backbone[-1].parameters(), lr=0.1, momentum=0.9)
exp_lr_scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)


def train_model(model, criterion, optimizer, scheduler, num_epochs=4):
    best_model_wts = copy.deepcopy(model.state_dict())
    best_acc = 0.0
    for epoch in range(num_epochs):
        print("Epoch {}/{}".format(epoch, num_epochs - 1))
        print("-" * 10)
        for phase in ["train", "val"]:
            if phase == "train":
                model.train()
            else:
                model.eval()
            running_loss, running_corrects = 0.0, 0
            for inputs, labels in zip(data[phase][0].split(8), data[phase][1].split(8)):
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(inputs)
                    _, preds = torch.max(outputs, 1)
                    loss = criterion(outputs, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                running_loss += loss.item() * inputs.size(0)
                running_corrects += torch.sum(preds == labels.data)
            if phase == "train":
                scheduler.step()
            epoch_loss = running_loss / len(data[phase][0])
            epoch_acc = running_corrects.double() / len(data[phase][0])
            print("{} Loss: {:.4f} Acc: {:.4f}".format(phase, epoch_loss, epoch_acc))
            if phase == "val" and epoch_acc > best_acc:
                best_acc = epoch_acc
                best_model_wts = copy.deepcopy(model.state_dict())
    print("Best val Acc: {:4f}".format(best_acc))
    model.load_state_dict(best_model_wts)
    return model


model = train_model(backbone, criterion, optimizer, exp_lr_scheduler)
print(backbone[0].weight.grad, optimizer.param_groups[0]["lr"])
print(optimizer)
